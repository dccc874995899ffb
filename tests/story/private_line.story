Story: What is said to the secretary alone reaches nobody else and no minutes.

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai
on 04/01/2027 at 19:00
Mai: private "Gia đình tôi khó khăn, xin đồng chí giúp."
everyone meets
An: private
  | đ/c Mai (04/01/2027 19:01): Gia đình tôi khó khăn, xin đồng chí giúp.
Lan: private
  ! khó khăn
Hùng: private
  | Chưa có thư riêng nào gửi đồng chí.
