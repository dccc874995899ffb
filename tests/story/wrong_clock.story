Story: A clock is a year behind, another a day ahead: nothing is decided by them (scenario 9).

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai
Mai's clock is ahead by -525600 minutes
Hùng's clock is ahead by 1440 minutes
on 04/01/2027 at 19:00
An: meeting new "Họp" --when "04/01/2027 19:30" --agenda "Việc chung" --secretary Lan
An: send 1
everyone meets
An: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
Hùng: meeting attend 1
Mai: meeting attend 1
everyone meets
Lan: meeting roll 1 --confirm
An: motion put 1 --item 1 "Thông qua"
everyone meets
Mai: vote 1 disagree
Mai: vote 1 agree
Hùng: vote 1 agree
An: vote 1 agree
everyone meets
An: motion close 1
An: motion list 1
  | đ/c Mai: đồng ý
  | đ/c Hùng: đồng ý
  ! đến sau
An: meeting close 1
