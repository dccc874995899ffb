# shellcheck shell=bash disable=SC2154,SC2034
# Lock, unlock, a new passphrase, panic: on the disk, in memory, and at every moment of dying.

. tests/trouble/sweep.sh
echo "quite another passphrase of six words" >"$dir/pass.other"
other() { # other DEVICE COMMAND...: under the other passphrase
    local device=$1
    shift
    timeout 40 "$HOP" "$@" --dir "$dir/$device" --passphrase-file "$dir/pass.other"
}

# ---- lock ----
alone() { ! connected "$1"; }
is_locked() { ! hop "$1" status; }
closed() { ! (exec 3<>/dev/tcp/127.0.0.1/$link_port); }
page() { http -H "Authorization: Bearer $(sed 's/.*token=//' "$dir/an/link")" "http://127.0.0.1:$http_port$1"; }
page_says() { [ "$(page /api/status)" = "$1" ]; }
in_memory() { "$dir/peek" "${node[an]}" "$1"; }
not_in_memory() { "$dir/peek" "${node[an]}" "$1"; [ $? = 1 ]; }
readable=
[ "$(id -u)" != 0 ] || ! "$dir/peek" "${node[an]}" "Nguyễn Văn An" >/dev/null || readable=yes
soon "before: the two are connected" connected an
if [ -n "$readable" ]; then
    check "a running node has the names of the cell in memory" in_memory "Nguyễn Văn An"
    check "but not its passphrase" not_in_memory "$(cat "$dir/pass")"
fi
pid_before=${node[an]}
check "the node is locked" hop an lock
soon "a locked node answers \"locked\"" refuses_in en 1 GUARD_LOCKED hop an status
refused "to every command" 1 GUARD_LOCKED hop an say 1 "không được"
check "and to the page, under the link it had" page_says 423
check "the page itself is still served" test "$(page /)" = 200
check "it is the same process" kill -0 "$pid_before"
soon "its links are closed" alone binh
check "nobody listens for links any more" closed
[ -z "$readable" ] || check "no name of the cell is left in its memory" not_in_memory "Nguyễn Văn An"
refused "a wrong passphrase does not unlock it" 1 ERR_PASSPHRASE_WRONG other an unlock
check "the right one does" hop an unlock
soon "the two are connected again" connected binh
check "and an act is recorded" hop an say 1 "sau khi mở khóa"
refused "what is not locked is not unlocked" 1 GUARD_NOT_LOCKED hop an unlock
[ -z "$readable" ] || check "the passphrase that came by request is not kept" not_in_memory "$(cat "$dir/pass")"
stop an
refused "without a node there is nothing to lock" 1 GUARD_NO_NODE hop an lock
check "a node that locks itself is started" run an --link-port $link_port --http-port $http_port --lock-after 1s
soon "a page that only looks does not keep it open" page_says 423
check "it opens again" hop an unlock
stop an
refused "a lock after no time at all is refused" 2 GUARD_BAD_MINUTES hop an run --no-open --quiet --lock-after 0
check "started locked, it asks for nothing" eval '"$HOP" run --dir "$dir/an" --locked --quiet --no-open --link-port $link_port --http-port $http_port --beacon-port $beacon_port >>"$dir/an.log" 2>&1 </dev/null & node[an]=$!; pids+=($!); within 10 page_says 423'
check "and is unlocked by its page" eval '[ "$(http -X POST -H "Authorization: Bearer $(sed "s/.*token=//" "$dir/an/link")" -d "{\"passphrase\": \"$(cat "$dir/pass")\"}" "http://127.0.0.1:$http_port/api/unlock")" = 200 ]'
soon "the two are connected as before" connected binh

# ---- a new passphrase ----
make k0 >/dev/null && hop k0 cell new "Chi bộ" --as "Người lập" >/dev/null
copied() { rm -rf "$dir/k" && cp -r "$dir/k0" "$dir/k" && ln "$dir/k/keys.hop" "$dir/k/before"; }
change() { hop k passphrase --new-passphrase-file "$dir/pass.other"; }
one_opens() { # the old or the new, whole, and nothing is left lying about
    local opened=no
    ! hop k members || opened=old
    ! other k members || opened=new$opened
    echo "$opened opens" && ls "$dir/k"
    case $opened in old | newno) ;; *) return 1 ;; esac
    [ -z "$(find "$dir/k" -name 'keys.hop.*')" ]
}
blank() { ! tr -d '\0' <"$1" | grep -q .; }
copied
check "the passphrase is changed" change
check "the new one opens the device" other k status
refused "the old one does not" 1 ERR_PASSPHRASE_WRONG hop k status
check "the old file was written over" blank "$dir/k/before"
copied
refused "a weak new one is refused" 1 CLI_PASSPHRASE_WEAK eval 'echo short >"$dir/short"; hop k passphrase --new-passphrase-file "$dir/short"'
refused "and so is a wrong old one" 1 ERR_PASSPHRASE_WRONG other k passphrase --new-passphrase-file "$dir/pass"
swept "a change of passphrase dies at any write: the old or the new opens, one of them" kill copied one_opens change
swept "or finds the disk full" full copied one_opens change
copied
run k >/dev/null
check "a running node changes its passphrase" change
check "and saves its keys under it" eval 'hop k meeting new T --agenda a --reason x --chair "Người lập" && stop k && other k status'

# ---- panic ----
panic() { hop k panic --yes; }
asked() { setsid -w "$HOP" panic --dir "$dir/k" </dev/null; }
copied
refused "panic asks first" 2 GUARD_PANIC_UNASKED asked
check "and has destroyed nothing" hop k status
slots() { tail -c +65 "$1" | head -c 288; }
gone_or_whole() { # before the first write nothing has happened; after it nobody opens the keys
    if [ -e "$dir/k/keys.hop" ] && ! slots "$dir/k/keys.hop" | blank /dev/stdin; then
        [ "$n" = 1 ] && hop k status
        return
    fi
    ! hop k status && ! other k status && { [ ! -e "$dir/k/records.mdb" ] || panic; } && [ ! -e "$dir/k/records.mdb" ]
}
swept "panic dies at any write: from the first on the keys are gone" kill copied gone_or_whole panic
copied
check "panic without a node" panic
check "it leaves nothing of hop there" eval '[ "$(ls "$dir/k")" = before ]'
check "of the key file there are zeros" blank "$dir/k/before"
ended() { ! kill -0 "${node[k]}"; }
for how in running locked hanging; do
    copied
    run k >/dev/null
    [ $how != locked ] || { hop k lock >/dev/null; within 10 is_locked k; }
    [ $how != hanging ] || kill -STOP "${node[k]}"
    check "panic beside a $how node" panic
    check "the node has ended" eval 'within 5 ended'
    check "and nothing of the device is left" eval '[ "$(ls "$dir/k")" = before ] && blank "$dir/k/before"'
done
rm -rf "$dir/k"
