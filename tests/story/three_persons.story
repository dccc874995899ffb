Story: A cell of three elects on paper, because a secret ballot of three hides nothing (scenario 18).

cell Chi bộ Trạm khí tượng by party-cell: An, Lan (deputy), Hùng
on 04/01/2027 at 19:00
An: meeting new "Bầu phó bí thư" --form extraordinary --when "04/01/2027 19:30" --agenda "Bầu cử" --secretary Lan
An: send 1
everyone meets
An: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
Hùng: meeting attend 1
everyone meets
Lan: meeting roll 1 --confirm
An: motion put 1 --item 1 --question election "Bầu đ/c Lan"
everyone meets
Hùng cannot: vote 1 agree
  | Nội dung này phải bỏ phiếu bằng phiếu giấy (190-QĐ/TW 10-10-2024, Điều 3). Hãy bỏ phiếu giấy; thư ký nhập kết quả kiểm phiếu.
  en| This question is decided by a ballot on paper (190-QĐ/TW 10-10-2024, Điều 3). Vote on paper; the secretary enters the count.
Lan cannot: motion paper 1 An Lan --agree 3
  | Số liệu kiểm phiếu không khớp: đồng ý, không đồng ý và không có ý kiến cộng lại bằng số phiếu hợp lệ; hợp lệ cộng không hợp lệ bằng số phiếu thu về; số thu về không quá số phát ra và số người có quyền biểu quyết đã tham gia.
  en| The numbers of the paper count do not add up: agree, disagree and no opinion make the valid ones; valid and invalid the collected; and no more are collected than issued or than voting members who took part.
Lan: motion paper 1 An Lan Hùng --agree 3
everyone meets
An: motion close 1
An: motion list 1
  | phiếu giấy 3
  | được thông qua
  ! đ/c Hùng: đồng ý
everyone meets
An: meeting close 1
