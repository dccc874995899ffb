# shellcheck shell=bash disable=SC2154
# A store is damaged, and the person does what the sentence says: what the others hold comes back.
# Here nobody who is near holds all of it: Châu, who is away, has seen an act of Bình that An has not.

seen() { hop "$1" meeting show 1 | grep -qF "$2"; }
all_see() {
    local d
    for d in an binh away; do seen $d "$1" || return 1; done
}
all_level() { level an binh && level binh away; }
third() {
    make away && hop away join "$(invitation an "Vũ Thị Xa")" --beacon-port $beacon_port --wait 20 && run away
}
check "a third member joins" third
soon "all three are connected" connected away 2
soon "and have the same records" all_level
stop an
check "while An is away, Bình acts" hop binh say 1 "chỉ người ở xa thấy"
soon "and the third has it" seen away "chỉ người ở xa thấy"
stop away
stop binh
truncate -s 20000 "$dir/binh/records.mdb"
refused "a truncated store stops the start" 3 ERR_STORE_DAMAGED hop binh run --no-open --quiet
mv "$dir/binh/records.mdb" "$dir/binh/records.damaged"
check "moved away, the node starts" run binh
check "and so does An's" run an --link-port $link_port --http-port $http_port
soon "they are connected" connected binh
soon "what An holds comes back" level an binh
check "an act is recorded" hop binh say 1 "sau khi mất kho dữ liệu"
soon "and reaches An" seen an "sau khi mất kho dữ liệu"
check "the third comes back" run away
soon "it brings what it alone had: no log has forked" all_see "chỉ người ở xa thấy"
soon "and gets what is new" all_see "sau khi mất kho dữ liệu"
soon "all have the same records" all_level
check "nobody is waiting for anything" eval '[ "$(json an .pending status)$(json binh .pending status)$(json away .pending status)" = 000 ]'
stop binh
check "after a restart Bình acts again" eval 'run binh && hop binh say 1 "và sau khi khởi động lại"'
soon "which arrives too" all_see "và sau khi khởi động lại"
stop away
# the files of two devices mixed up
mkdir "$dir/mixed" && cp "$dir/binh/keys.hop" "$dir/mixed" && make other >/dev/null
hop other cell new "Chi bộ khác" --as "Ai" >/dev/null && cp "$dir/other/records.mdb" "$dir/mixed"
refused "keys beside another cell's records do not open" 3 ERR_STORE_MISMATCH hop mixed status
