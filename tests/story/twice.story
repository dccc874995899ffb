Story: The same ballot comes by a stick and by meeting, and counts once (scenario 14).

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng
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
An: motion put 1 --item 1 "Thông qua"
everyone meets
Hùng: vote 1 agree
Hùng: bundle write @stick
An: bundle read @stick
An: bundle read @stick
An and Hùng meet
An: bundle read @stick
An: motion list 1
  | đồng ý 1, không đồng ý 0
Lan: vote 1 agree
An and Lan meet
An: motion close 1
An: motion list 1
  | đồng ý 2, không đồng ý 0
everyone meets
An: meeting close 1
