Story: A unit in a flood, in three places that meet three times: reports, who is safe, and decisions on both sides.

# A third is enough to decide, of those present more than half; one hand signs (procedures/disaster-unit.conf).
cell Đội ứng phó by disaster-unit: An, Lan (deputy), Hùng (committee), Mai, Tú, Sáu

on 10/09/2027 at 06:00
An: meeting new "Giao ban sáng 10/9" --form briefing --when "10/09/2027 06:30" --agenda "Quân số" --agenda "Sơ tán xóm Hạ" --agenda "Tiếp tế" --secretary An
An: send 1
everyone meets
An: meeting open 1
everyone meets

# The road is cut: An and Mai at the seat, Lan and Tú at the school, Hùng and Sáu on the dyke.
# Situation reports need no meeting, and urgent ones come first.
Hùng: report "Đê rò ở cọc 7" --place "Cọc 7" --state "cần sơ tán" --urgent
Sáu: report "Đủ người" --place "Cọc 5" --state "an toàn"
Tú: report "30 người ở trường" --place "Trường học" --state "cần lương thực, nước"
Hùng and Sáu meet
Hùng: report
  | KHẨN: đ/c Hùng, Cọc 7: cần sơ tán. Đê rò ở cọc 7
An: report
  | Chưa có báo cáo nào.

# Each side takes its own roll: who is safe.
An: meeting attend 1
Mai: meeting attend 1
An and Mai meet
An: meeting roll 1 --confirm
Lan: meeting attend 1
Tú: meeting attend 1
Lan and Tú meet
Lan: meeting roll 1 --confirm
Lan: chair take 1 "Mất liên lạc với đ/c An"
Lan cannot: chair take 1
  | Lan đang chủ trì rồi.
  en| Lan is in the chair already.
Tú cannot: chair take 1
  | Người đang chủ trì là An. Chỉ cấp phó hoặc người đứng đầu được nhận chủ trì thay, hoặc An trao lại.
  en| The chair is An. Only the deputy or the secretary may take the chair, or An hands it on.

# Both decide the same item, each right where it stands: two of six make a third.
An: item 1 2
An: motion put 1 --item 2 "Sơ tán xóm Hạ lên trường học"
  called school
An and Mai meet
An: vote $school agree
Mai: vote $school agree
An and Mai meet
An: motion close $school
An: motion list 1
  | được thông qua
  | Tạm thời
An and Mai meet
Lan: motion put 1 --item 2 "Sơ tán xóm Hạ lên đồi"
  called hill
Lan and Tú meet
Lan: vote $hill agree
Tú: vote $hill agree
Lan and Tú meet
Lan: motion close $hill
Lan: motion list 1
  | Sơ tán xóm Hạ lên đồi
  | được thông qua
Hùng cannot: motion put 1 --item 3 "Xin thêm bao cát"
  | Danh sách điểm danh chưa ghi thành viên này có mặt. Hãy đề nghị thư ký cuộc họp (An) xác nhận.
  en| The roll does not yet show this member as present. Ask the secretary of the meeting (An) to confirm it.

# First merge: Mai walks to the school. Both results stay; nothing is overwritten.
Mai and Lan meet
Lan: merge 1
  | Nơi khác đã ghi mà bản ghi cuối của máy này chưa thấy
  | đ/c An: đưa ra biểu quyết
  | đ/c Mai: lá phiếu
Lan: motion list 1
  | Sơ tán xóm Hạ lên trường học
  | Sơ tán xóm Hạ lên đồi
  | Có hai kết quả cho cùng một nội dung
Lan: report
  | đ/c Tú, Trường học: cần lương thực, nước. 30 người ở trường
Mai cannot: motion settle $school
  | Chỉ người chủ trì cuộc họp (An), hoặc cấp phó, người đứng đầu thay người chủ trì, mới được làm việc này. Hãy đề nghị người chủ trì.
  en| Only the chair of this meeting (An), or the deputy or the secretary in the chair's place, can do this. Ask the chair.
Lan cannot: resolution add 1 01-QĐ "Sơ tán" "Lên đồi" --motion $hill
  | Nội dung này chưa được thông qua hoặc kết quả đang có tranh chấp. Hãy kết thúc hoặc xử lý việc biểu quyết trước.
  en| This motion was not adopted, or its result is in dispute. Close or settle the vote first.

# Second merge: the dyke comes in through Tú. An still knows nothing.
Tú and Lan meet
Tú, Hùng and Sáu meet
Hùng: meeting attend 1
Sáu: meeting attend 1
Hùng: motion list 1
  | Có hai kết quả cho cùng một nội dung
An: motion list 1
  ! Có hai kết quả
Hùng and Lan meet
Lan: report
  | KHẨN: đ/c Hùng, Cọc 7

# Third merge: all together at the seat. Who is in the chair is on record on both sides; the chair settles.
everyone meets
Lan: meeting roll 1 Hùng present
Lan: meeting roll 1 Sáu present
An: meeting show 1
  | Mất liên lạc với đ/c An
  | Có hai kết quả cho cùng một nội dung
everyone meets
Lan: chair give-back 1 "Đã gặp lại"
everyone meets
An: meeting show 1
  | Đang chủ trì: đ/c An
An: motion settle $hill "Đồi ngập muộn hơn"
everyone meets
Mai: motion list 1
  | Đã xử lý: kết quả này có hiệu lực.
  | Đã xử lý: kết quả khác của nội dung này có hiệu lực.
An cannot: motion settle $school
  | Không có gì phải xử lý: kết quả này không có tranh chấp hoặc đã được xử lý rồi.
  en| There is nothing to settle: this result is not in dispute, or it has been settled already.
Tú: motion put 1 --item 3 "Xin thêm bao cát"
  called sacks
everyone meets
Hùng: vote $sacks agree
Sáu: vote $sacks agree
Tú: vote $sacks agree
Mai: vote $sacks abstain
everyone meets
An: motion close $sacks
An: meeting close 1
everyone meets
An: minutes 1 --sign
An: meeting show 1
  | An đã ký: đã niêm phong
An cannot: minutes 1 --sign
  | Biên bản đã ký và niêm phong, không sửa được nữa. Hãy lập biên bản bổ sung.
  en| The minutes are signed and sealed; they cannot be changed. Write a supplement.
An cannot: minutes correct 1 "Sai giờ"
  | Biên bản đã ký và niêm phong, không sửa được nữa. Hãy lập biên bản bổ sung.
  en| The minutes are signed and sealed; they cannot be changed. Write a supplement.
An: minutes supplement 1 "Bổ sung: 12 bao gạo đã nhận."
An: meeting show 1
  | biên bản bổ sung
An: minutes 1
  | Sơ tán xóm Hạ lên đồi
  | Sơ tán xóm Hạ lên trường học
An: dossier 1 -o @hoso.html
An: verify @hoso.html --cell $cell
