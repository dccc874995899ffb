Story: Two close the same vote apart, one with the votes and one without; the chair settles which closing holds.

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng, Mai, Tú
on 04/01/2027 at 19:00
An: meeting new "Họp" --when "04/01/2027 19:30" --agenda "Việc chung" --secretary Mai
An: send 1
everyone meets
An: meeting open 1
everyone meets
An: meeting attend 1
Lan: meeting attend 1
Hùng: meeting attend 1
Mai: meeting attend 1
everyone meets
Mai: meeting roll 1 --confirm
An: motion put 1 --item 1 "Quyên góp"
  called gift
everyone meets

# An has three votes; Lan, cut off with Tú, closes with her own alone.
An: vote $gift agree
Hùng: vote $gift agree
Mai: vote $gift agree
An, Hùng and Mai meet
Lan: vote $gift agree
An: motion close $gift
  called full
An: motion list 1
  | được thông qua
Lan: motion close $gift
  called alone
Lan: motion list 1
  | không được thông qua
everyone meets
An: motion list 1
  | kết quả [
  | được thông qua, đ/c An kết thúc: đồng ý 3
  | không được thông qua, đ/c Lan kết thúc: đồng ý 1
  | Có hai kết quả
Mai: merge 1
  | đ/c Lan: kết thúc biểu quyết
An cannot: motion settle $gift --holds khongco
  | Cuộc họp này không có "khongco". Dùng "hop meeting show" để xem danh sách có đánh số.
  en| There is no "khongco" in this meeting. "hop meeting show" lists what there is, with numbers.
An: motion settle $gift "Kết quả có đủ phiếu" --holds $full
everyone meets
An: motion list 1
  | được thông qua
An: meeting close 1
Lan: meeting close 1
everyone meets
An: meeting show 1
  | Nơi khác cũng kết thúc cuộc họp
