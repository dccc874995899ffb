Story: What was written in the morning arrives at night: the time of writing is shown, and late is late (scenario 10).

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai
on 04/01/2027 at 07:00
An: meeting new "Họp" --when "04/01/2027 09:00" --agenda "Việc chung" --secretary Lan
An: send 1
everyone meets
on 04/01/2027 at 08:15
Mai: report "Cầu treo hỏng" --place "Bản Mù" --urgent
Mai: say 1 --item 1 "Đề nghị sửa cầu treo."
on 04/01/2027 at 09:00
An: meeting open 1
An: meeting attend 1
Lan: meeting attend 1
Hùng: meeting attend 1
An, Lan and Hùng meet
Lan: meeting roll 1 --confirm
Lan: meeting roll 1 Mai absent
An, Lan and Hùng meet
An: meeting close 1
on 04/01/2027 at 21:40
everyone meets
An: report
  | KHẨN: đ/c Mai, Bản Mù: . Cầu treo hỏng (04/01/2027 08:16)
Lan: minutes 1
  | Đề nghị sửa cầu treo.
  | PHỤ LỤC: ĐẾN SAU KHI KẾT THÚC, KHÔNG TÍNH
