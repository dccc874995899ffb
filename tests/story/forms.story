Story: Forms of their own: study of a resolution, a group, motions amended and withdrawn, unknown forms.

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai
on 04/01/2027 at 08:00
Mai cannot: meeting new "Họp" --agenda "x"
  | Chỉ người đứng đầu, cấp phó hoặc thành viên ban lãnh đạo (cấp ủy) mới được chuẩn bị cuộc họp. Hãy đề nghị một trong các đồng chí đó.
  en| Only the committee, the deputy or the secretary can prepare a meeting. Ask one of them.
An: meeting new "Quán triệt nghị quyết" --form study --when "08/01/2027 08:00" --secretary Lan
An: send 1
An cannot: send 1
  | Giấy triệu tập đã được gửi rồi, không gửi lại được.
  en| The notice of this meeting has been sent already. It cannot be sent again.
An: meeting open 1
An cannot: meeting open 1
  | Cuộc họp đã được khai mạc rồi.
  en| The meeting has been opened already.
An cannot: motion put 1 "Biểu quyết"
  | Đây là hội nghị quán triệt, không biểu quyết. Hãy ghi ý kiến, hoặc triệu tập cuộc họp khác.
  en| This is a meeting to study; nothing is put to the vote in it. Put an opinion on record, or call another meeting.
An: group set "Tổ 2" --leader Hùng --member Mai
An cannot: cascade 1 "Tổ 2" Mai
  | Hình thức họp này không phổ biến xuống các tổ. Chỉ cuộc họp đại diện hoặc lấy ý kiến bằng văn bản mới có.
  en| This form of meeting is not carried to the groups. Only a meeting of representatives or a consultation is.
everyone meets
Mai: say 1 "Xin hỏi về điểm 3."
everyone meets
An: meeting close 1
An cannot: meeting close 1
  | Cuộc họp đã kết thúc rồi.
  en| The meeting has been closed already.

# A group meets, called by its leader; what it says is part of the cell's record.
everyone meets
Mai cannot: meeting new "Sinh hoạt tổ 2" --form group --group "Tổ 2" --agenda "Góp ý"
  | Chỉ tổ trưởng, người chủ trì hoặc thư ký cuộc họp mới được làm việc này cho tổ. Hãy đề nghị tổ trưởng.
  en| Only the leader of the group, or the chair and the secretary of the meeting, can do this for the group. Ask its leader.
Hùng: meeting new "Sinh hoạt tổ 2" --form group --group "Tổ 2" --chair Hùng --parent 1 --agenda "Góp ý"
Hùng: send 2
everyone meets
Mai: meeting show 2
  | Tổ: Tổ 2
Lan cannot: consult reply 2 agree
  | Đây không phải là lấy ý kiến bằng văn bản. Hãy ghi ý kiến vào cuộc họp.
  en| This is not a written consultation. Put an opinion on record instead.

# A motion is withdrawn by who put it, and amended.
An: meeting new "Họp" --when "09/01/2027 08:00" --agenda "Mức đóng góp" --secretary Lan
An: send 3
An: meeting open 3
everyone meets
An: meeting attend 3
Lan: meeting attend 3
Mai: meeting attend 3
Hùng: meeting attend 3
everyone meets
Lan: meeting roll 3 --confirm
everyone meets
Mai: motion put 3 --item 1 "Đóng góp 50 nghìn"
  called fifty
Hùng: motion put 3 --item 1 "Đóng góp 20 nghìn"
  called twenty
everyone meets
Hùng cannot: motion withdraw $fifty
  | Chỉ người chủ trì cuộc họp (An), hoặc cấp phó, người đứng đầu thay người chủ trì, mới được làm việc này. Hãy đề nghị người chủ trì.
  en| Only the chair of this meeting (An), or the deputy or the secretary in the chair's place, can do this. Ask the chair.
Mai: motion withdraw $fifty "Nhất trí với đ/c Hùng"
Mai: motion amend $twenty --item 1 "Đóng góp 20 nghìn, hộ nghèo miễn"
  called amended
everyone meets
Mai cannot: vote $fifty agree
  | Người chủ trì đã kết thúc biểu quyết nội dung này. Vẫn có thể ghi ý kiến.
  en| The vote on this motion has been closed by the chair. An opinion can still be put on record.
An: motion list 3
  | đã rút
An cannot: motion settle $twenty
  | Không có gì phải xử lý: kết quả này không có tranh chấp hoặc đã được xử lý rồi.
  en| There is nothing to settle: this result is not in dispute, or it has been settled already.
An: vote $amended agree
Lan: vote $amended agree
Hùng: vote $amended agree
Mai: vote $amended agree
everyone meets
An: motion close $amended
An: motion close $twenty
An: meeting close 3
