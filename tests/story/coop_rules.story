Story: The four rules of Saigon Co.op: papers three days before, each member's opinion in the minutes, each member's agreement, mandatory paper ballots right after.

cell Chi bộ Siêu thị by party-cell: An, Lan (deputy), Hùng, Mai, Tú

# 1. Documents to all members at least three days before; who has them is on the board, by name.
on 10/01/2027 at 08:00
An: meeting new "Sinh hoạt tháng 1" --when "15/01/2027 18:00" --reason "Dịch bệnh" --agenda "Dự thảo nghị quyết" --agenda "Bầu bổ sung phó bí thư" --secretary Lan
file nq.txt: Dự thảo nghị quyết tháng 1
An: doc add 1 @nq.txt --title "Dự thảo nghị quyết" --item 1
An cannot: doc add 1 @nq.txt --title "Tài liệu mật" --class secret
  | Tài liệu mật không được gửi qua hệ thống này. Hãy chuyển bằng bản giấy theo quy định.
  en| Secret documents must not be sent through this system. Hand them over on paper, as the rules require.
An: send 1
An, Lan and Hùng meet
on 13/01/2027 at 08:00
file sobo.txt: Bổ sung số liệu
An: doc add 1 @sobo.txt --title "Số liệu bổ sung"
An: meeting show 1
  | mới gửi trước 2 ngày: quy chế yêu cầu 3 ngày
  | Chưa nhận: đ/c Mai, đ/c Tú
An: remind 1 --text "Đề nghị đ/c Mai, đ/c Tú nhận tài liệu."
Hùng cannot: remind 1 Tú
  | Chỉ ban lãnh đạo (cấp ủy), hoặc người chủ trì (An), thư ký (Lan) của cuộc họp này mới được làm việc này. Hãy đề nghị một trong các đồng chí đó.
  en| Only the committee, or the chair (An) or secretary (Lan) of this meeting, can do this. Ask one of them.
everyone meets
An: meeting show 1
  | đ/c An nhắc: Mai, Tú
  | đ/c Tú: đã nhận
Mai: meeting read 1

# 2. Prepared opinions; each member's opinion is in the minutes, by name.
Mai: say 1 --item 1 "Nhất trí, bổ sung chỉ tiêu doanh thu."
Tú: say 1 --item 1 "Nhất trí."
on 15/01/2027 at 18:00
everyone meets
An: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
Hùng: meeting attend 1
Mai: meeting attend 1
Tú: meeting attend 1
everyone meets
Lan: meeting roll 1 --confirm
Hùng: say 1 --item 1 "Nhất trí, đề nghị rõ thời hạn."
Lan: say 1 --item 1 "Nhất trí."
everyone meets

# 3. The resolution needs each member's agreement collected.
An: motion put 1 --item 1 "Thông qua nghị quyết tháng 1"
everyone meets
An: vote 1 agree
Lan: vote 1 agree
Hùng: vote 1 agree
Mai: vote 1 agree
Tú: vote 1 agree
everyone meets
An: motion close 1
An: motion list 1
  | đồng ý 5, không đồng ý 0, không có ý kiến 0; trên 5 đ/c có quyền biểu quyết

# 4. A ballot that must be on paper is held as a supplement right after the meeting.
An cannot: motion put 1 --item 2 --question bau "Bầu đ/c Hùng làm phó bí thư"
  | Quy chế của đơn vị không có loại nội dung "bau". Các loại: election, sounding, admission, discipline. Hãy chọn một loại, hoặc không chọn.
  en| The procedure of this cell has no question called "bau". It has: election, sounding, admission, discipline. Choose one of them, or none.
An: motion put 1 --item 2 --question election "Bầu đ/c Hùng làm phó bí thư"
everyone meets
Mai cannot: vote 2 agree
  | Nội dung này phải bỏ phiếu bằng phiếu giấy (190-QĐ/TW 10-10-2024, Điều 3). Hãy bỏ phiếu giấy; thư ký nhập kết quả kiểm phiếu.
  en| This question is decided by a ballot on paper (190-QĐ/TW 10-10-2024, Điều 3). Vote on paper; the secretary enters the count.
Lan cannot: motion hands 2 Mai=agree
  | Nội dung này phải bỏ phiếu bằng phiếu giấy (190-QĐ/TW 10-10-2024, Điều 3). Hãy bỏ phiếu giấy; thư ký nhập kết quả kiểm phiếu.
  en| This question is decided by a ballot on paper (190-QĐ/TW 10-10-2024, Điều 3). Vote on paper; the secretary enters the count.
An: meeting close 1
on 15/01/2027 at 19:30
everyone meets
Mai cannot: motion paper 2 An Lan Hùng Mai Tú --agree 5
  | Chỉ người chủ trì (An) hoặc thư ký cuộc họp (Lan) mới được ghi nhận việc này. Hãy đề nghị một trong hai đồng chí.
  en| Only the chair (An) or the secretary (Lan) of this meeting can put this on record. Ask one of them.
Lan cannot: motion paper 2 An Lan Hùng Mai Tú --agree 4 --invalid 1 --valid 5
  | Số liệu kiểm phiếu không khớp: đồng ý, không đồng ý và không có ý kiến cộng lại bằng số phiếu hợp lệ; hợp lệ cộng không hợp lệ bằng số phiếu thu về; số thu về không quá số phát ra và số người có quyền biểu quyết đã tham gia.
  en| The numbers of the paper count do not add up: agree, disagree and no opinion make the valid ones; valid and invalid the collected; and no more are collected than issued or than voting members who took part.
Lan: motion paper 2 An Lan Hùng Mai Tú --agree 4 --invalid 1 --text "Ban kiểm phiếu: Lan, Mai"
everyone meets
An: motion close 2
An: motion list 1
  | phiếu giấy 5
  | được thông qua
everyone meets
Lan: minutes 1 --sign
everyone meets
An: minutes sign 1
An: minutes 1
  | Nhất trí, bổ sung chỉ tiêu doanh thu.
  | Nhất trí, đề nghị rõ thời hạn.
  | Ban kiểm phiếu: Lan, Mai
An: dossier 1 -o @hoso.html
An: verify @hoso.html --cell $cell

# And the admission ceremony: a few in the room, the others elsewhere.
on 01/02/2027 at 08:00
An: meeting new "Lễ kết nạp đảng viên" --form admission --when "03/02/2027 08:00" --secretary Lan
An: send 2
An cannot: step 2 1
  | Cuộc họp chưa khai mạc. Người chủ trì cần khai mạc trước.
  en| The meeting has not been opened yet. The chair opens it first.
An: meeting open 2
An: step 2 1 "Chào cờ"
An: step 2 2
An: step 2 3 "Đảng viên mới tuyên thệ"
everyone meets
Mai cannot: step 2 4
  | Chỉ người chủ trì cuộc họp (An), hoặc cấp phó, người đứng đầu thay người chủ trì, mới được làm việc này. Hãy đề nghị người chủ trì.
  en| Only the chair of this meeting (An), or the deputy or the secretary in the chair's place, can do this. Ask the chair.
Mai: say 2 "Chúc mừng đồng chí mới!"
An: step 2 4
An: step 2 5
An cannot: step 1 1
  | Cuộc họp này không có kịch bản nghi lễ. Hãy điều hành theo chương trình.
  en| This meeting has no script of a ceremony. Go through its agenda instead.
everyone meets
An: meeting close 2
An: meeting show 2
  | 3. Đảng viên mới tuyên thệ
