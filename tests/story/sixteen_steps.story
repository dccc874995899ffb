Story: The regular meeting of a cell, step by step through the sixteen items of its agenda.

# The agenda is the template of the form "regular" (one commune's practice, notes 1g). Five members,
# one of them probationary; Lan keeps the minutes.
cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng (committee), Mai, Tú (member, probationary)

on 30/12/2026 at 08:00
An: meeting new "Sinh hoạt chi bộ tháng 1" --when "04/01/2027 19:30" --place "Nhà văn hóa" --secretary Lan
Hùng cannot: meeting open 1
  | Không có cuộc họp "1". Dùng "hop meeting list" để xem danh sách.
  en| There is no meeting "1". "hop meeting list" shows them all.
everyone meets
Mai cannot: send 1
  | Chỉ ban lãnh đạo (cấp ủy), hoặc người chủ trì (An), thư ký (Lan) của cuộc họp này mới được làm việc này. Hãy đề nghị một trong các đồng chí đó.
  en| Only the committee, or the chair (An) or secretary (Lan) of this meeting, can do this. Ask one of them.
file baocao.txt: Báo cáo tháng 12
An: doc add 1 @baocao.txt --title "Báo cáo tháng 12" --item 5
An: send 1 "Kính mời các đồng chí dự họp đúng giờ."
everyone meets
An: meeting show 1
  | Giấy triệu tập gửi trước 5 ngày; quy chế yêu cầu 3 ngày.
  | 16. Bế mạc
  | đ/c Mai: đã nhận
  ! mới gửi trước
Mai: meeting read 1
Mai: say 1 --item 10 "Nên sửa đường vào bản trước mùa mưa."
everyone meets
An: status
  | "Sinh hoạt chi bộ tháng 1": 4/4 đ/c đã nhận.

# 1 purpose, 2 the secretary, 3 the roll
on 04/01/2027 at 19:30
Hùng cannot: item 1 1
  | Chỉ người chủ trì cuộc họp (An), hoặc cấp phó, người đứng đầu thay người chủ trì, mới được làm việc này. Hãy đề nghị người chủ trì.
  en| Only the chair of this meeting (An), or the deputy or the secretary in the chair's place, can do this. Ask the chair.
An: meeting open 1
everyone meets
An: item 1 1
An: item 1 3
Lan: meeting attend 1
Hùng: meeting attend 1
Mai: meeting attend 1
Tú: meeting attend 1
An: meeting attend 1
Mai cannot: meeting roll 1 Mai present
  | Chỉ người chủ trì (An) hoặc thư ký cuộc họp (Lan) mới được ghi nhận việc này. Hãy đề nghị một trong hai đồng chí.
  en| Only the chair (An) or the secretary (Lan) of this meeting can put this on record. Ask one of them.
everyone meets
Lan: meeting roll 1 --confirm
Lan: meeting show 1
  | Đang ở mục 3
  | đ/c Tú: có mặt

# 4 the agenda is adopted by a vote
An: item 1 4
An: motion put 1 --item 4 "Thông qua chương trình"
everyone meets
Tú cannot: vote 1 agree
  | Thành viên này được thảo luận nhưng không biểu quyết: theo quy chế, diện của thành viên này không có quyền biểu quyết. Có thể ghi ý kiến.
  en| This member takes part in the discussion but does not vote: the procedure gives the vote to other categories. Put an opinion on record instead.
An: vote 1 đồng ý
Lan: vote 1 đồng ý
Hùng: vote 1 đồng ý
Mai: vote 1 đồng ý
everyone meets
Mai cannot: motion close 1
  | Chỉ người chủ trì cuộc họp (An), hoặc cấp phó, người đứng đầu thay người chủ trì, mới được làm việc này. Hãy đề nghị người chủ trì.
  en| Only the chair of this meeting (An), or the deputy or the secretary in the chair's place, can do this. Ask the chair.
An: motion close 1
An cannot: motion close 1
  | Việc biểu quyết nội dung này đã kết thúc rồi.
  en| The vote on this motion has been closed already.

# 5 to 9: the report, papers of the level above, the committee's orientation, the guest
An: item 1 5
An: conclude 1 --item 5 "Hoàn thành các nhiệm vụ tháng 12."
An: item 1 6
An: item 1 7
An: item 1 8
An: item 1 9

# 10: the floor
An: item 1 10
everyone meets
Mai: floor ask 1 --item 10
Tú: floor ask 1 --item 10 "về đường vào bản"
everyone meets
Mai cannot: floor ask 1
  | Đồng chí này đã đăng ký phát biểu và đang chờ. Người chủ trì mời theo thứ tự; muốn đăng ký lại thì rút đăng ký trước.
  en| This member waits for the floor already. The chair calls in order; withdraw first to ask again.
Hùng cannot: floor withdraw 1
  | Đồng chí này chưa đăng ký phát biểu nên không có gì để rút.
  en| This member has not asked for the floor. Nothing to withdraw.
Hùng: floor order 1 "Đề nghị nói đúng mục"
Mai cannot: floor give 1 Mai 3
  | Chỉ người chủ trì cuộc họp (An), hoặc cấp phó, người đứng đầu thay người chủ trì, mới được làm việc này. Hãy đề nghị người chủ trì.
  en| Only the chair of this meeting (An), or the deputy or the secretary in the chair's place, can do this. Ask the chair.
everyone meets
An: meeting show 1
  | đ/c Mai đăng ký phát biểu, mục 10
  | đ/c Hùng nêu ý kiến về trình tự: Đề nghị nói đúng mục
An: floor give 1 Hùng 1
An: floor end 1 Hùng
An cannot: floor end 1 Mai
  | Đồng chí này hiện không phát biểu. Hãy xem ai đang phát biểu.
  en| This member does not have the floor. Check who speaks now.
An: floor give 1 Mai 3
An: meeting show 1
  | đ/c Mai đang phát biểu (3 phút)
An: floor end 1 Mai
An: floor give 1 Tú 3
everyone meets
Tú: say 1 --item 10 "Tôi nhất trí với đồng chí Mai."

# 11: conclusion and tasks
everyone meets
An: item 1 11
An: conclude 1 --item 10 "Sửa đường trong tháng 2."
An: task add 1 Hùng "Lập danh sách ngày công" --due "20/01/2027" --item 11
Mai cannot: task add 1 Hùng "Việc khác"
  | Chỉ người chủ trì (An) hoặc thư ký cuộc họp (Lan) mới được ghi nhận việc này. Hãy đề nghị một trong hai đồng chí.
  en| Only the chair (An) or the secretary (Lan) of this meeting can put this on record. Ask one of them.

# 12: the vote
An: item 1 12
An cannot: motion put 1 --item 17 "Mục không có"
  | Không có mục 17 trong chương trình; chương trình có 16 mục. Hãy chọn một mục, hoặc 0 cho cả cuộc họp.
  en| There is no agenda item 17; the agenda has 16. Choose one of them, or 0 for the meeting as a whole.
An: motion put 1 --item 12 "Sửa đường vào bản"
everyone meets
An: vote 2 agree
Lan: vote 2 agree
Hùng: vote 2 agree
Mai: vote 2 disagree
Mai: vote 2 abstain
everyone meets
An cannot: meeting close 1
  | Còn nội dung đang biểu quyết: "Sửa đường vào bản". Hãy kết thúc biểu quyết rồi mới kết thúc cuộc họp.
  en| A vote is still open: "Sửa đường vào bản". Close the vote first; then close the meeting.
An: motion close 2
An: motion list 1
  | được thông qua
  | đồng ý 3, không đồng ý 0, không có ý kiến 1; trên 4 đ/c có quyền biểu quyết
  | Chính thức
everyone meets
Lan: resolution add 1 01-NQ/CB "Về sửa đường vào bản" "Chi bộ quyết nghị sửa đường vào bản trong tháng 2." --motion 2
Lan cannot: resolution add 1 01-NQ/CB "Trùng số" "x"
  | Đã có nghị quyết số 01-NQ/CB. Hãy ghi số khác cho nghị quyết này.
  en| A resolution with number 01-NQ/CB is there already. Give this one another number.
everyone meets
Mai: resolution reserve 1 01-NQ/CB "Nên chờ hết mưa."
Tú cannot: resolution reserve 1 1 "Tôi cũng vậy"
  | Thành viên này được thảo luận nhưng không biểu quyết: theo quy chế, diện của thành viên này không có quyền biểu quyết. Có thể ghi ý kiến.
  en| This member takes part in the discussion but does not vote: the procedure gives the vote to other categories. Put an opinion on record instead.

# 13 admissions, 14 the score, 15 the minutes, 16 the close
An: item 1 13
An: item 1 14
Lan cannot: score 1 20 18 25 20
  | Điểm không đúng quy chế: cần một số cho mỗi mục chấm, không quá điểm tối đa của mục.
  en| The score does not fit the procedure: give one number for each of its lines, none above its maximum.
Lan cannot: score 1 20 18 31 20 10
  | Điểm không đúng quy chế: cần một số cho mỗi mục chấm, không quá điểm tối đa của mục.
  en| The score does not fit the procedure: give one number for each of its lines, none above its maximum.
Lan: score 1 20 18 25 20 10 --text "tốt"
An: item 1 15
Lan: minutes read-back 1
An: item 1 16
everyone meets
Mai cannot: meeting close 1
  | Chỉ người chủ trì cuộc họp (An), hoặc cấp phó, người đứng đầu thay người chủ trì, mới được làm việc này. Hãy đề nghị người chủ trì.
  en| Only the chair of this meeting (An), or the deputy or the secretary in the chair's place, can do this. Ask the chair.
An cannot: minutes 1 --sign
  | Cuộc họp chưa kết thúc. Hãy kết thúc cuộc họp trước rồi mới ký biên bản.
  en| The meeting has not been closed yet. Close it first; then the minutes can be signed.
An: meeting close 1
everyone meets
Mai cannot: say 1 "Muộn rồi"
  | Cuộc họp đã kết thúc, không ghi thêm được nữa. Nếu còn thiếu, hãy chuẩn bị cuộc họp khác.
  en| The meeting has been closed; nothing more can be added. If something is missing, prepare another meeting.
Lan: minutes 1 --sign
everyone meets
An: minutes sign 1
everyone meets
An: meeting show 1
  | Lan, An đã ký
  | đã niêm phong
  | Số 01-NQ/CB: Về sửa đường vào bản
  | đ/c Mai: Nên chờ hết mưa.
  | 93 điểm
  | đ/c Hùng: Lập danh sách ngày công (20/01/2027) — đang làm
An: minutes 1
  | Sửa đường trong tháng 2.
  | bảo lưu
An: print 1 minutes -o @bienban.txt
An: print 1 resolution 1 -o @nghiquyet.html
An: calendar 1 -o @lich.ics
An: dossier 1 -o @hoso.html
An: verify @hoso.html --cell $cell
An: duty
  | 01/2027: đã họp
