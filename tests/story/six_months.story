Story: Six months of a cell: three regular meetings, a month by representatives, a month of flood in writing, a month not held.

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng (committee), Mai, Tú

# January: a regular meeting; An convenes three days ahead.
on 30/12/2026 at 08:00
An: meeting new "Sinh hoạt tháng 1" --when "04/01/2027 19:30" --agenda "Kiểm điểm tháng 12" --agenda "Nhiệm vụ tháng 1" --secretary Lan
An: send 1
everyone meets
on 04/01/2027 at 19:30
An: meeting open 1
everyone meets
Lan: meeting attend 1
Hùng: meeting attend 1
Mai: meeting attend 1
Tú: meeting attend 1
An: meeting attend 1
everyone meets
Lan: meeting roll 1 --confirm
everyone meets
An: task add 1 Hùng "Rà soát hộ nghèo" --due 01/02/2027
An: meeting close 1
everyone meets
Lan: minutes 1 --sign
everyone meets
An: minutes sign 1
everyone meets

# February: Tú is away on duty, Mai asks to be excused. The task of January is asked after.
on 29/01/2027 at 08:00
An: meeting new "Sinh hoạt tháng 2" --when "04/02/2027 19:30" --agenda "Nhiệm vụ tháng trước" --agenda "Công tác Tết" --secretary Lan --parent 1
An: send 2
everyone meets
Mai cannot: excuse 2 ""
  | Trường hợp vắng mặt này phải ghi lý do. Hãy ghi rõ lý do vắng mặt.
  en| An absence of this kind needs a reason. Write why the member is absent.
Mai: excuse 2 "Chăm mẹ ốm"
on 04/02/2027 at 19:30
An: meeting open 2
everyone meets
An: meeting attend 2
Lan: meeting attend 2
Hùng: meeting attend 2
everyone meets
An: meeting show 2
  | đ/c Mai: chưa điểm danh (xin vắng: Chăm mẹ ốm)
Lan: meeting roll 2 --confirm
Lan cannot: meeting roll 2 Mai excused
  | Trường hợp vắng mặt này phải ghi lý do. Hãy ghi rõ lý do vắng mặt.
  en| An absence of this kind needs a reason. Write why the member is absent.
Lan: meeting roll 2 Mai excused --reason "Chăm mẹ ốm"
Lan: meeting roll 2 Tú duty --reason "Tập huấn ở tỉnh"
An: task list
  | đ/c Hùng: Rà soát hộ nghèo (01/02/2027) — đang làm
Mai cannot: task done 1 1
  | Chỉ người chủ trì (An) hoặc thư ký cuộc họp (Lan) mới được ghi nhận việc này. Hãy đề nghị một trong hai đồng chí.
  en| Only the chair (An) or the secretary (Lan) of this meeting can put this on record. Ask one of them.
Hùng: task done 1 1 "12 hộ"
everyone meets
An: task list
  | đ/c Hùng: Rà soát hộ nghèo (01/02/2027) — đã xong 12 hộ
An: meeting close 2
everyone meets
Lan: minutes 2 --sign
An: duty
  | 02/2027: đã họp
  | 01/2027: đã họp
  | đ/c Mai: có mặt 1/2; vắng có lý do 1
  | đ/c Tú: có mặt 1/2; vắng có lý do 0, không lý do 0, đi nhiệm vụ 1; 1 lần liền không có mặt

# March: committee and group heads instead of all; each head carries it to the group and brings it back.
on 01/03/2027 at 08:00
An: meeting new "Họp chi ủy và tổ trưởng tháng 3" --form committee --when "04/03/2027 19:30" --invite An --invite Lan --invite Hùng --reason "Đảng viên công tác phân tán" --secretary Lan
An: send 3
everyone meets
on 04/03/2027 at 19:30
An: meeting open 3
everyone meets
An: meeting attend 3
Lan: meeting attend 3
Hùng: meeting attend 3
everyone meets
Lan: meeting roll 3 --confirm
everyone meets
An: meeting show 3
  | Thành phần: An, Lan, Hùng
An: conclude 3 --item 4 "Các tổ phổ biến trước ngày 10."
An: group set "Tổ bản Mù" --leader Hùng --member Mai --member Tú
An: meeting close 3
everyone meets
on 09/03/2027 at 19:00
Mai cannot: cascade 3 "Tổ bản Mù" Hùng Tú=present
  | Chỉ tổ trưởng, người chủ trì hoặc thư ký cuộc họp mới được làm việc này cho tổ. Hãy đề nghị tổ trưởng.
  en| Only the leader of the group, or the chair and the secretary of the meeting, can do this for the group. Ask its leader.
Hùng: cascade 3 "Tổ bản Mù" Hùng Mai Tú=duty --text "Tổ nhất trí, đề nghị hỗ trợ giống lúa."
everyone meets
An: meeting show 3
  | Tổ bản Mù: 2 có mặt. Tổ nhất trí, đề nghị hỗ trợ giống lúa.
An: duty
  | 03/2027: đã họp
  | đ/c Mai: có mặt 2/3

# April: the flood cuts the road. A draft goes round in writing, by whoever passes.
on 02/04/2027 at 08:00
An: meeting new "Phương án chống lũ" --form written --when "06/04/2027" --reason "Mưa lũ, đường bị chia cắt" --agenda "Dự thảo phương án" --secretary Lan
file duthao.txt: Dự thảo: sơ tán xóm Hạ lên trường học.
An: doc add 4 @duthao.txt --title "Dự thảo phương án" --item 1
Hùng cannot: consult reply 4 agree
  | Không có cuộc họp "4". Dùng "hop meeting list" để xem danh sách.
  en| There is no meeting "4". "hop meeting list" shows them all.
An: send 4 "Đề nghị các đồng chí cho ý kiến."
An cannot: meeting open 4
  | Lấy ý kiến bằng văn bản không có phần khai mạc: các đồng chí trả lời bằng văn bản cho đến khi người chủ trì kết thúc.
  en| A written consultation is not opened: members reply in writing until the chair closes it.
An and Lan meet
Lan and Hùng meet
Lan: consult reply 4 agree
Hùng cannot: consult reply 4 other
  | Chưa có nội dung. Hãy viết nội dung trước.
  en| There is nothing written. Write the text first.
Hùng: consult reply 4 other "Sơ tán cả xóm Thượng."
Hùng and Mai meet
Mai: consult reply 4 disagree
Mai: consult reply 4 agree
Lan and Hùng meet
Mai and Hùng meet
Hùng and Lan meet
An and Lan meet
An: consult show 4
  | Xin ý kiến 5 đ/c: đồng ý 2, không đồng ý 0, ý kiến khác 1, chưa phản hồi 2; cần 3 đồng ý
  | đ/c Hùng: ý kiến khác: Sơ tán cả xóm Thượng.
  | Chưa phản hồi: An, Tú
file duthao2.txt: Dự thảo lần 2: sơ tán xóm Hạ và xóm Thượng lên trường học.
An: doc add 4 @duthao2.txt --title "Dự thảo lần 2" --item 1 --replaces 1
An: consult reply 4 agree
An: meeting close 4
Tú cannot: consult reply 4 agree
  | Không có cuộc họp "4". Dùng "hop meeting list" để xem danh sách.
  en| There is no meeting "4". "hop meeting list" shows them all.
Hùng and Tú meet
Tú: consult reply 4 agree "Đồng ý, tôi có thuyền."
everyone meets
An: consult show 4
  | Xin ý kiến 5 đ/c: đồng ý 3, không đồng ý 0, ý kiến khác 1, chưa phản hồi 1; cần 3 đồng ý
  | đ/c Tú: đồng ý. Đồng ý, tôi có thuyền. (đến sau khi kết thúc: ghi lại, không tính)
Lan cannot: consult reply 1 agree
  | Đây không phải là lấy ý kiến bằng văn bản. Hãy ghi ý kiến vào cuộc họp.
  en| This is not a written consultation. Put an opinion on record instead.
An: resolution add 4 02-NQ/CB "Về chống lũ" "Sơ tán xóm Hạ và xóm Thượng."
Hùng cannot: resolution reserve 4 02-NQ/CB "Nên sơ tán sớm hơn một ngày."
  | Cuộc họp này không có "02-NQ/CB". Dùng "hop meeting show" để xem danh sách có đánh số.
  en| There is no "02-NQ/CB" in this meeting. "hop meeting show" lists what there is, with numbers.
everyone meets
Hùng: resolution reserve 4 02-NQ/CB "Nên sơ tán sớm hơn một ngày."
everyone meets
An: duty
  | 04/2027: đã họp

# May: nothing could be held. Why is on record, or the month is overdue.
on 03/06/2027 at 08:00
An: duty
  | 05/2027: QUÁ HẠN. Hãy tổ chức họp, hoặc ghi lý do không họp.
An cannot: not-held "tháng 5" "Lũ quét"
  | Hãy ghi tháng theo dạng MM/YYYY, ví dụ 11/2026.
  en| Write the month as MM/YYYY, for example 11/2026.
Mai cannot: not-held 05/2027 "Lũ quét"
  | Chỉ người đứng đầu, cấp phó hoặc thành viên ban lãnh đạo (cấp ủy) mới được chuẩn bị cuộc họp. Hãy đề nghị một trong các đồng chí đó.
  en| Only the committee, the deputy or the secretary can prepare a meeting. Ask one of them.
An: not-held 05/2027 "Lũ quét, toàn chi bộ đi cứu hộ"
An: duty
  | 05/2027: không họp, lý do: Lũ quét, toàn chi bộ đi cứu hộ

# June: a meeting again.
An: meeting new "Sinh hoạt tháng 6" --when "04/06/2027 19:30" --agenda "Khắc phục hậu quả" --secretary Lan
An: send 5
everyone meets
An: meeting show 5
  | Giấy triệu tập mới gửi trước 1 ngày: quy chế yêu cầu 3 ngày.
An: exception 5 "Gửi giấy triệu tập trước 1 ngày" --basis "Khắc phục khẩn cấp sau lũ"
on 04/06/2027 at 19:30
An: meeting open 5
everyone meets
An: meeting attend 5
Lan: meeting attend 5
Mai: meeting attend 5
everyone meets
Lan: meeting roll 5 --confirm
Lan: meeting roll 5 Tú absent
Lan: meeting roll 5 Hùng duty --reason "Trực đê"
everyone meets
An: meeting close 5
everyone meets
Lan: minutes 5 --sign
everyone meets
An: minutes sign 5
everyone meets
An: minutes 5
  | Khắc phục khẩn cấp sau lũ
An: duty
  | 06/2027: đã họp
  | đ/c Tú: có mặt 1/4; vắng có lý do 0, không lý do 1, đi nhiệm vụ 2; 3 lần liền không có mặt
Lan: minutes 4 --sign
everyone meets
An: minutes sign 4
An: dossier 4 -o @hoso4.html
An: verify @hoso4.html --cell $cell
