Story: The quorum is lost in the middle of a vote; what was begun is not decided, and discussion goes on (scenario 12).

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai, Tú
on 04/01/2027 at 19:00
An: meeting new "Họp" --when "04/01/2027 19:30" --agenda "Việc chung" --secretary Lan
An: send 1
everyone meets
An: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
everyone meets
Lan: meeting roll 1 --confirm
everyone meets
An: motion put 1 --item 1 "Quyên góp"
everyone meets
An cannot: vote 1 agree
  | Chưa đủ số người có mặt để biểu quyết: 2/5. Cần 3 người được xác nhận có mặt. Vẫn có thể thảo luận và ghi ý kiến.
  en| Not enough members to vote: 2/5. 3 confirmed present are needed. Discussion and opinions can go on.
Hùng cannot: vote 1 agree
  | Hãy báo có mặt trước rồi mới biểu quyết.
  en| Say first that you attend; then vote.
Mai cannot: motion put 1 "Việc khác"
  | Danh sách điểm danh chưa ghi thành viên này có mặt. Hãy đề nghị thư ký cuộc họp (Lan) xác nhận.
  en| The roll does not yet show this member as present. Ask the secretary of the meeting (Lan) to confirm it.
Hùng: meeting attend 1
everyone meets
Lan: meeting roll 1 Hùng present
everyone meets
An: vote 1 agree
Lan: vote 1 agree
Hùng: vote 1 agree
everyone meets

# Hùng is called away before the vote is closed.
Lan: meeting roll 1 Hùng duty --reason "Có cháy ở xóm Hạ"
everyone meets
An cannot: motion close 1
  | Chưa đủ số người có mặt để biểu quyết: 2/5. Cần 3 người được xác nhận có mặt. Vẫn có thể thảo luận và ghi ý kiến.
  en| Not enough members to vote: 2/5. 3 confirmed present are needed. Discussion and opinions can go on.
Mai: say 1 --item 1 "Vẫn nên quyên góp."
An: meeting close 1
An: motion list 1
  | không đủ số lượng theo quy định
