Story: Papers in and out: agenda and roster from files, PDF, page, text, calendar entry, procedures in words.

cell Chi bộ Bản Mù by party-cell: An, Lan (deputy), Hùng
on 04/01/2027 at 08:00
file agenda.txt: 1. Điểm danh\n2. Thảo luận\n\n- Kết luận
An: meeting new "Họp" --when "19h30 ngày 8/1/2027" --place "Nhà văn hóa, xã Bản Mù" --agenda-file @agenda.txt
An: meeting show 1
  | 1. Điểm danh
  | 2. Thảo luận
  | 3. Kết luận
file agenda.csv: STT;Nội dung\n1;"Điểm danh; quân số"\n2;Thảo luận
An: meeting new "Họp CSV" --agenda-file @agenda.csv
An: meeting show 2
  | Điểm danh; quân số
file empty.txt: \n
An cannot: meeting new "Họp" --agenda-file @empty.txt
  | @empty.txt không có nội dung nào: mỗi dòng một nội dung.
  en| @empty.txt has no agenda item: one item a line.
An: send 1
An: print 1 notice -o -
  | GIẤY TRIỆU TẬP
  | Nhà văn hóa, xã Bản Mù
An: print 1 delivery -o -
  | BẢNG THEO DÕI GỬI NHẬN
An: print 1 notice -o @giaymoi.html
An cannot: print 1 resolution 1 -o -
  | Cuộc họp này không có "1". Dùng "hop meeting show" để xem danh sách có đánh số.
  en| There is no "1" in this meeting. "hop meeting show" lists what there is, with numbers.
An: calendar 1 -o -
  | DTSTART:20270108T193000
  | SUMMARY:Họp
  | LOCATION:Nhà văn hóa\, xã Bản Mù
An cannot: calendar 2 -o -
  | Thời gian "" không phải là ngày giờ mà lịch hiểu được. Hãy ghi dạng 04/12/2026 19:30.
  en| The time "" is not a date that a calendar knows. Write it as 04/12/2026 19:30.

# A roster: one line a person. A line without a name invites nobody.
file bad.csv: Họ tên,Chức danh,Diện\n,member,full
An cannot: invite --csv @bad.csv
  | Dòng 2 của @bad.csv không có họ tên. Mỗi dòng gồm: họ tên, chức danh, diện.
  en| Line 2 of @bad.csv has no name. Each line is: name, role, category.
file open.csv: Lan,"member
An cannot: invite --csv @open.csv
  | Dòng 1 của @open.csv có dấu nháy chưa đóng. Dấu nháy nằm trong nháy thì viết hai lần.
  en| Line 1 of @open.csv has a quote that does not close. Write a quote within quotes twice.
file roster.csv: Họ tên,Chức danh,Diện\nTrần Thị Lan,member,full\n"Lò Văn Tú",member,probationary
An: invite --csv @roster.csv
  | Lời mời dành cho đ/c Trần Thị Lan
  | Lời mời dành cho đ/c Lò Văn Tú

# Rules in words.
An: procedure show
  | Biểu quyết có giá trị khi quá 1/2 tổng số người được tính được xác nhận có mặt.
  | CẦN XÁC NHẬN
An: procedure diff party-cell disaster-unit
  | − Biểu quyết có giá trị khi quá 1/2 tổng số
  | + Biểu quyết có giá trị khi ít nhất 1/3 tổng số
  en| + A vote is valid when at least 1/3 of all who count are confirmed present.
An: procedure diff party-cell party-cell
  | Hai quy chế giống nhau.
file mine.conf: name = "mine";\nquorom = 1;
An cannot: procedure check @mine.conf
  | Dòng 2: không có mục nào tên là "quorom". Có phải đồng chí định viết "quorum"?
  en| Line 2: there is no setting called "quorom". Did you mean "quorum"?
