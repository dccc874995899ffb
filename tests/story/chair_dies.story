Story: The chair's device dies in the middle of the meeting; the deputy takes the chair, and the chair later takes it back (scenario 13).

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng (committee), Mai, Tú
on 04/01/2027 at 19:00
An: meeting new "Họp" --when "04/01/2027 19:30" --agenda "Việc chung" --chair Hùng --secretary Tú
An: send 1
everyone meets
Hùng: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
Hùng: meeting attend 1
Mai: meeting attend 1
Tú: meeting attend 1
everyone meets
Tú: meeting roll 1 --confirm
everyone meets
Hùng: motion put 1 --item 1 "Thông qua kế hoạch"
everyone meets
Hùng's device is lost

Mai cannot: motion close 1
  | Chỉ người chủ trì cuộc họp (Hùng), hoặc cấp phó, người đứng đầu thay người chủ trì, mới được làm việc này. Hãy đề nghị người chủ trì.
  en| Only the chair of this meeting (Hùng), or the deputy or the secretary in the chair's place, can do this. Ask the chair.
Mai cannot: chair take 1 "Tôi thay"
  | Người đang chủ trì là Hùng. Chỉ cấp phó hoặc người đứng đầu được nhận chủ trì thay, hoặc Hùng trao lại.
  en| The chair is Hùng. Only the deputy or the secretary may take the chair, or Hùng hands it on.
Lan: chair take 1 "Máy của đ/c Hùng hỏng"
Lan: vote 1 agree
An: vote 1 agree
Mai: vote 1 agree
Tú: vote 1 disagree
everyone meets
Lan: motion close 1
Lan: motion list 1
  | đồng ý 3, không đồng ý 1
  | được thông qua
Lan: chair hand 1 An "Đ/c An chủ trì tiếp"
everyone meets
An: meeting show 1
  | Đang chủ trì: đ/c An
An: meeting close 1
everyone meets
Tú: minutes 1 --sign
everyone meets

# Who sat in the chair signs as the chair.
Lan: minutes sign 1
everyone meets
An: meeting show 1
  | Tú, Lan đã ký: đã niêm phong
