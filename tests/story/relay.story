Story: The cell was founded offline, and one member carries everything to the rest (features.md 6.6, scenario 1).

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai
on 04/01/2027 at 08:00
An: meeting new "Họp" --when "08/01/2027 19:30" --agenda "Việc chung" --secretary Lan
file kehoach.txt: Kế hoạch quý I
An: doc add 1 @kehoach.txt --title "Kế hoạch quý I"
An: send 1

# An meets Lan, and from now on nobody else: Lan carries, Mai hears of it at third hand.
An and Lan meet
Lan and Hùng meet
Hùng and Mai meet
Mai: meeting show 1
  | Kế hoạch quý I
Mai: doc get 1
  | Kế hoạch quý I
Mai: say 1 "Tôi sẽ dự."
An: meeting show 1
  ! Tôi sẽ dự.
  | Chưa nhận: đ/c Hùng, đ/c Mai

# The answer and the receipts come back the same way.
Hùng and Mai meet
Lan and Hùng meet
An and Lan meet
An: meeting show 1
  | đ/c Mai, mục 0, chuẩn bị trước: Tôi sẽ dự.
  ! Chưa nhận
