Story: A practice meeting can never be mistaken for a real one.

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng
on 04/01/2027 at 19:00
An: meeting new "Tập dượt bỏ phiếu" --practice --when "04/01/2027 19:30" --agenda "Thử" --secretary Lan
An: send 1
everyone meets
Hùng: meeting show 1
  | *** TẬP DƯỢT
  en| *** PRACTICE
An: meeting open 1
An: meeting attend 1
everyone meets
Lan: meeting roll 1 --confirm
everyone meets
An: resolution add 1 01-NQ/CB "Thử" "Nghị quyết thử."
An: meeting close 1
An: print 1 minutes -o @thu.html
An: duty
  ! đã họp
  | đ/c An: có mặt 0/0

# Numbers of real resolutions are not used up by it.
An: meeting new "Họp thật" --when "05/01/2027 19:30" --agenda "Việc chung" --secretary Lan
An: send 2
An: meeting open 2
An: resolution add 2 01-NQ/CB "Thật" "Nghị quyết thật."
An: meeting close 2
