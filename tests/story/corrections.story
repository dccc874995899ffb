Story: Minutes are read back, corrected, signed by chair and secretary, sealed; then only a supplement follows.

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai
on 04/01/2027 at 19:00
An: meeting new "Họp" --when "04/01/2027 19:30" --agenda "Việc chung" --secretary Lan
An: send 1
everyone meets
An: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
Hùng: meeting attend 1
everyone meets
Lan: meeting roll 1 --confirm
everyone meets
An: meeting close 1
everyone meets
Lan cannot: minutes supplement 1 "Sớm quá"
  | Biên bản chưa có đủ chữ ký của chủ trì và thư ký: hãy sửa biên bản thay vì lập bổ sung.
  en| The minutes are not signed by chair and secretary yet: correct them instead of adding a supplement.
Hùng cannot: minutes 1 --sign
  | Chỉ người chủ trì (An) hoặc thư ký cuộc họp (Lan) mới được ghi nhận việc này. Hãy đề nghị một trong hai đồng chí.
  en| Only the chair (An) or the secretary (Lan) of this meeting can put this on record. Ask one of them.
Lan cannot: minutes sign 1
  | Cuộc họp này không có biên bản hoặc nghị quyết đó. Hãy xem lại danh sách.
  en| There are no such minutes or resolution in this meeting. Check the list.
Lan: minutes 1 --sign
everyone meets
Lan: minutes read-back 1
Hùng: minutes correct 1 "Đ/c Mai vắng có lý do."
Hùng: minutes correct 1 "Giờ khai mạc là 19:32."
everyone meets
Hùng cannot: minutes answer 1 1 taken
  | Chỉ người chủ trì (An) hoặc thư ký cuộc họp (Lan) mới được ghi nhận việc này. Hãy đề nghị một trong hai đồng chí.
  en| Only the chair (An) or the secretary (Lan) of this meeting can put this on record. Ask one of them.
Lan cannot: minutes answer 1 7 taken
  | Cuộc họp này không có "7". Dùng "hop meeting show" để xem danh sách có đánh số.
  en| There is no "7" in this meeting. "hop meeting show" lists what there is, with numbers.
Lan: minutes answer 1 1 taken
Lan: minutes answer 1 2 not-taken "Giờ máy là 19:05."
Lan cannot: minutes answer 1 2 taken
  | Đề nghị sửa này đã được trả lời. Nếu còn sai, hãy đề nghị sửa lần nữa.
  en| This correction has been answered already. Ask for another if it is still wrong.
everyone meets
An: meeting show 1
  | Đ/c Mai vắng có lý do. — tiếp thu
  | Giờ khai mạc là 19:32. — không tiếp thu
Lan cannot: minutes sign 1
  | Đồng chí này đã ký rồi, không cần làm gì thêm.
  en| This member has signed it already. Nothing more to do.
An: minutes sign 1
everyone meets
An: meeting show 1
  | đã đọc trước hội nghị: đã niêm phong
Hùng cannot: minutes correct 1 "Còn sai"
  | Biên bản đã ký và niêm phong, không sửa được nữa. Hãy lập biên bản bổ sung.
  en| The minutes are signed and sealed; they cannot be changed. Write a supplement.
Lan: minutes supplement 1 "Đ/c Mai vắng có lý do: đi viện."
everyone meets
An: meeting show 1
  | biên bản bổ sung
