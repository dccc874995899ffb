Story: A site with one device: who is there by PIN or by its teller, hands by name, and a member who also votes on his phone counts once (scenario 17).

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai, Tú, Sáu
on 04/01/2027 at 18:00
Sáu: site pin 246810
Mai cannot: site pin 12
  | Mã PIN gồm từ 6 đến 12 chữ số, không có ký tự khác. Hãy chọn mã khác.
  en| A PIN has 6 to 12 digits and nothing else. Choose another.
An: meeting new "Họp" --when "04/01/2027 19:30" --agenda "Việc chung" --secretary Lan
An: send 1
everyone meets
Mai cannot: site add 1 "Nhà Mai" Mai
  | Chỉ ban lãnh đạo (cấp ủy), hoặc người chủ trì (An), thư ký (Lan) của cuộc họp này mới được làm việc này. Hãy đề nghị một trong các đồng chí đó.
  en| Only the committee, or the chair (An) or secretary (Lan) of this meeting, can do this. Ask one of them.
An: site add 1 "Trường học" Hùng --text "Máy của đ/c Hùng"
everyone meets
An: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
Hùng: meeting attend 1
Mai: meeting attend 1

# At the school: Hùng names Tú; Sáu types the PIN at Hùng's device.
Mai cannot: site roll 1 "Trường học" Tú
  | Chỉ người phụ trách điểm cầu, người chủ trì hoặc thư ký cuộc họp mới làm thay người khác việc này được.
  en| Only the teller of a site, or the chair or secretary of this meeting, can do this for somebody else.
Hùng: site roll 1 "Trường học" Tú
Hùng cannot: site roll 1 "Trường học" Sáu --pin 999999
  | Mã PIN không đúng hoặc đồng chí này chưa đặt mã. Hãy nhập lại, hoặc để người phụ trách điểm cầu xác nhận ai có mặt.
  en| The PIN is wrong, or this member has not set one. Type it again, or let the teller of the site name who is there.
Hùng: site roll 1 "Trường học" Sáu --pin 246810
Hùng cannot: site roll 1 "Nhà văn hóa" Tú
  | Cuộc họp này không có điểm cầu "Nhà văn hóa". Dùng "hop meeting show" để xem danh sách điểm cầu.
  en| There is no site "Nhà văn hóa" in this meeting. "hop meeting show" lists the sites.
everyone meets
Lan: meeting roll 1
  | đ/c Tú: chưa điểm danh (tại Trường học; người phụ trách điểm cầu xác nhận)
  | đ/c Sáu: chưa điểm danh (tại Trường học; đã nhập mã PIN)
Lan: meeting roll 1 --confirm
Lan: meeting roll 1 Tú present
Lan: meeting roll 1 Sáu present
Hùng: floor ask 1 --for Tú
Mai cannot: floor ask 1 --for Tú
  | Chỉ người phụ trách điểm cầu, người chủ trì hoặc thư ký cuộc họp mới làm thay người khác việc này được.
  en| Only the teller of a site, or the chair or secretary of this meeting, can do this for somebody else.
Hùng: say 1 --item 1 --for Tú --site "Trường học" "Tôi nhất trí."
everyone meets
An: meeting show 1
  | đ/c Tú đăng ký phát biểu
  | đ/c Tú, mục 1, tại cuộc họp: Tôi nhất trí.

# Hands at the school, by name; Hùng's own phone says otherwise, and the phone counts.
An: motion put 1 --item 1 "Thông qua"
everyone meets
Mai cannot: motion hands 1 Tú=agree --site "Trường học"
  | Chỉ người phụ trách điểm cầu, người chủ trì hoặc thư ký cuộc họp mới làm thay người khác việc này được.
  en| Only the teller of a site, or the chair or secretary of this meeting, can do this for somebody else.
Hùng: motion hands 1 Tú=agree Sáu=agree Hùng=agree --site "Trường học"
Hùng: vote 1 disagree
An: vote 1 agree
Lan: vote 1 agree
everyone meets
An: motion list 1
  | đồng ý 4, không đồng ý 1
  | bằng máy riêng 3, giơ tay 2, phiếu giấy 0
An: motion close 1
everyone meets
An: meeting close 1
An: minutes 1
  | Trường học
