Story: Who comes and goes is one line of the roll, counted once (scenario 11).

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai, Tú
on 04/01/2027 at 19:00
An: meeting new "Họp" --when "04/01/2027 19:30" --agenda "Việc chung" --secretary Lan
An: send 1
everyone meets
An: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
Mai: meeting attend 1
Mai cannot: meeting attend 1
  | Đã báo có mặt rồi. Người chủ trì hoặc thư ký sẽ xác nhận khi điểm danh.
  en| Attendance is on record already. The chair or the secretary confirms it in the roll call.
everyone meets
Lan: meeting roll 1 --confirm
Lan: meeting roll 1 Mai present
Lan: meeting roll 1 Mai absent
Lan: meeting roll 1 Mai present
Lan: meeting roll 1 Mai absent
Lan: meeting roll 1 Mai present
Lan: meeting roll 1
  | đ/c Mai: có mặt
  | 3/5

# A break; afterwards only who is confirmed anew counts.
An cannot: break end 1
  | Cuộc họp hiện không tạm nghỉ.
  en| The meeting is not in a break.
An: break begin 1 "Giải lao 10 phút"
An cannot: break begin 1
  | Cuộc họp đang tạm nghỉ rồi.
  en| The meeting is in a break already.
An: meeting show 1
  | Cuộc họp đang tạm nghỉ: Giải lao 10 phút
An: break end 1
Mai cannot: roll check 1
  | Chỉ người chủ trì (An) hoặc thư ký cuộc họp (Lan) mới được ghi nhận việc này. Hãy đề nghị một trong hai đồng chí.
  en| Only the chair (An) or the secretary (Lan) of this meeting can put this on record. Ask one of them.
everyone meets
Lan: roll check 1 "Sau giải lao"
Lan: meeting roll 1
  | 0/5
Lan: meeting roll 1 An present
Lan: meeting roll 1 Lan present
Lan: meeting roll 1 Mai present
Lan: meeting roll 1
  | 3/5
everyone meets
An: meeting close 1
An: duty
  | đ/c Mai: có mặt 1/1
