Story: Both islands adopt different resolutions on one item; a ratifying vote of all settles it (scenario 16).

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai, Tú, Sáu
on 04/01/2027 at 19:00
An: meeting new "Họp" --when "04/01/2027 19:30" --agenda "Mua máy bơm hay máy phát" --secretary Mai
An: send 1
everyone meets
An: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
Hùng: meeting attend 1
Mai: meeting attend 1
Tú: meeting attend 1
Sáu: meeting attend 1
everyone meets
Mai: meeting roll 1 --confirm
everyone meets

# Six were present when the link broke, so both sides have a quorum on record; each needs four.
An: motion put 1 --item 1 "Mua máy bơm"
  called pump
An, Hùng, Mai and Tú meet
An: vote $pump agree
Hùng: vote $pump agree
Mai: vote $pump agree
Tú: vote $pump agree
An, Hùng, Mai and Tú meet
An: motion close $pump
An: motion list 1
  | được thông qua
  | Chính thức
Lan: motion put 1 --item 1 "Mua máy phát"
  called generator
Lan and Sáu meet
Lan: vote $generator agree
Sáu: vote $generator agree
Lan and Sáu meet
Lan: motion close $generator
Lan: motion list 1
  | không được thông qua
  | Tạm thời

everyone meets
An: motion list 1
  | Có hai kết quả cho cùng một nội dung
An cannot: resolution add 1 01-NQ/CB "Máy bơm" "Mua một máy bơm." --motion $pump
  | Nội dung này chưa được thông qua hoặc kết quả đang có tranh chấp. Hãy kết thúc hoặc xử lý việc biểu quyết trước.
  en| This motion was not adopted, or its result is in dispute. Close or settle the vote first.
An: motion amend $pump --item 1 "Xác nhận: mua máy bơm"
  called again
everyone meets
An: vote $again agree
Lan: vote $again agree
Hùng: vote $again agree
Mai: vote $again agree
everyone meets
An: motion close $again
An: motion list 1
  | Đã xử lý: kết quả này có hiệu lực.
  | Đã xử lý: kết quả khác của nội dung này có hiệu lực.
An: resolution add 1 01-NQ/CB "Máy bơm" "Mua một máy bơm." --motion $pump
everyone meets
Lan: resolution sign 1 01-NQ/CB
Lan cannot: resolution sign 1 01-NQ/CB
  | Đồng chí này đã ký rồi, không cần làm gì thêm.
  en| This member has signed it already. Nothing more to do.
everyone meets
An: meeting close 1
An: meeting show 1
  | Số 01-NQ/CB: Máy bơm (An, Lan ký)
