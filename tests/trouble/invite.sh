# shellcheck shell=bash disable=SC2154
# Invitations: used, altered, foreign, raced for; nobody there.

join() { # join DEVICE INVITATION [OPTION...]
    local device=$1 text=$2
    shift 2
    hop "$device" join "$text" --beacon-port $beacon_port --wait 20 "$@"
}
for d in chau dung thief; do make $d >/dev/null; done
text=$(invitation an "Lê Minh Châu")

# ---- what is no invitation ----
refused "garbage" 1 JOIN_TEXT_DAMAGED join chau "HOP1-AAAAA-BBBBB"
: >"$dir/empty"
refused "an empty file" 1 JOIN_TEXT_DAMAGED join chau "$dir/empty"
head -c 3000 /dev/urandom >"$dir/noise"
refused "a file of noise" 1 JOIN_TEXT_DAMAGED join chau "$dir/noise"
refused "a file that is missing" 3 CLI_CANNOT_READ join chau "$dir/nowhere"
refused "a directory" 3 CLI_CANNOT_READ join chau "$dir"
refused "nothing at all is wrong usage" 2 CLI_USAGE hop chau join
truncations() {
    local n
    for n in $(seq 1 7 $((${#text} - 1))); do
        printf '%s' "${text:0:n}" >"$dir/part"
        refuses_in vi 1 JOIN_TEXT_DAMAGED "$HOP" join "$dir/part" --dir "$dir/chau" --passphrase-file "$dir/pass" || return 1
    done
}
check "cut short anywhere" truncations
alterations() {
    local n c
    for n in $(seq 5 ${#text}); do
        c=${text:n:1}
        [[ $c = [0-9A-Z] ]] || continue
        if [ "$c" = K ]; then c=M; else c=K; fi
        printf '%s' "${text:0:n}$c${text:n+1}" >"$dir/altered"
        refuses_in en 1 JOIN_TEXT_DAMAGED "$HOP" join "$dir/altered" --dir "$dir/chau" --passphrase-file "$dir/pass" || { echo "at $n: ${text:n:1} as $c" >>"$dir/out"; return 1; }
    done
}
check "altered in one character, wherever" alterations

# ---- nobody there, and somebody else ----
kept=$(keys chau)
alone() { join chau "$text" --wait 1 --no-multicast --peer 127.0.0.1:$spare_port --beacon-port $((spare_port + 1)); }
no_hint=$(json an .invitation invite "Không Ai" --address 127.0.0.1:9)
started=$SECONDS
refused "nobody there: a bounded wait" 3 ERR_JOIN_NOBODY join chau "$no_hint" --wait 1 --no-multicast --beacon-port $((spare_port + 1))
check "of the seconds that were asked for" test $((SECONDS - started)) -le 4
check "the keys are unchanged" test "$(keys chau)" = "$kept"
[ -d "$dir/lone" ] || { make lone && hop lone cell new "Chi bộ khác" --as "Lê Lan"; } >/dev/null
check "another cell invites too" run lone
foreign=$(invitation lone "Người Khác")
stop lone
refused "for a cell that is not there: nobody answers" 3 ERR_JOIN_NOBODY join chau "$foreign" --wait 1 --no-multicast --beacon-port $beacon_port
check "the keys are unchanged still" test "$(keys chau)" = "$kept"

# ---- used, raced for ----
check "and a later join works, from a file with spaces around" join chau - <<<"
   $text  "
refused "a member does not join again" 1 ERR_JOIN_MEMBER join chau "$no_hint"
refused "nor founds a cell" 1 API_HAS_CELL hop chau cell new "Khác" --as "Châu"
kept=$(keys thief)
refused "an invitation works once" 1 JOIN_REFUSED_USED join thief "$text"
check "whoever was refused is as before" test "$(keys thief)" = "$kept"
refused "also after the inviter restarted" 1 JOIN_REFUSED_USED eval 'stop an; run an --link-port $link_port --http-port $http_port; join thief "$text"'
members=$(json an '.members | length' members)
race() {
    local raced one two
    raced=$(invitation an "Phạm Văn Dũng")
    join dung "$raced" >"$dir/dung.said" 2>&1 &
    one=$!
    join thief "$raced" >"$dir/thief.said" 2>&1 &
    two=$!
    wait $one
    one=$?
    wait $two
    two=$?
    echo "exits $one and $two" && cat "$dir/dung.said" "$dir/thief.said"
    [ $one$two = 01 ] || [ $one$two = 10 ]
}
check "two race with one invitation: one gets in, one is refused" race
check "one member more" test "$(json an '.members | length' members)" = $((members + 1))
refused "a running node is not joined over" 1 CLI_RUNNING join an "$text"
soon "both nodes have the new members" level an binh

# ---- codes, cards, sticks ----

make em >/dev/null
kept=$(keys em)
refused "a code that is too short" 1 PAIR_CODE_BAD hop em join --code 417-829-034
refused "a code with letters" 1 PAIR_CODE_BAD hop em join --code "417 829 034x"
refused "a code with a wrong digit" 1 PAIR_CODE_MISTYPED hop em join --code 000-000-0001
refused "a code and an invitation are wrong usage" 2 CLI_USAGE hop em join "$text" --code 000-000-0000
refused "two ways at once are wrong usage" 2 CLI_USAGE hop an invite "Hà" --code --face
refused "a code where nobody invites: a bounded wait" 3 PAIR_NOBODY hop em join --code 000-000-0006 --wait 1 --no-multicast --beacon-port $((spare_port + 1))
refused "a code without a running node" 1 PAIR_NEEDS_RUN hop lone invite "Hà" --code
refused "a code for nobody" 1 INVITE_NO_NAME hop an invite "" --code
refused "a code for an office above one's own" 1 INVITE_ROLE_NOT_ALLOWED hop an invite "Hà" --code --role secretary
refused "face to face: no text of the other screen" 2 CLI_NO_CARD hop em join --face </dev/null
refused_once "face to face: a text that is damaged" 2 PAIR_CARD_DAMAGED hop em join --face <<<"HOPF-AAAAA-BBBBB"
refused_once "face to face, inviting: the same" 2 PAIR_CARD_DAMAGED hop an invite "Hà" --face <<<"HOPF-AAAAA-BBBBB"
check "such invitations are taken back" http --unix-socket "$dir/an/api.sock" -X DELETE http://localhost/api/pairings/1
many() {
    local i
    for i in 1 2 3 4; do hop an invite "Hà $i" --code --json >/dev/null || return 1; done
}
api_drop() { for i in $(seq 20); do http --unix-socket "$dir/an/api.sock" -X DELETE "http://localhost/api/pairings/$i" >/dev/null; done; }
api_drop
check "four codes at one time" many
refused "a fifth" 1 PAIR_TOO_MANY hop an invite "Hà" --code
api_drop
check "codes that were not used leave no record" test "$(json an '.invitations | map(select(.name | startswith("Hà"))) | length' members)" = 0
head -c 1000 /dev/urandom >"$dir/noise"
stick=$(invitation an "Lý Thị Em")
refused "a request that is none" 1 JOIN_FILE_FOREIGN hop an invite --answer "$dir/noise"
refused "an answer that is none" 1 JOIN_FILE_FOREIGN hop em join "$stick" --answer "$dir/noise"
check "a request is written" hop em join "$stick" --file "$dir/request"
refused "a request is no answer" 1 JOIN_FILE_NOT_ANSWER hop em join "$stick" --answer "$dir/request"
refused "another cell's inviter does not know it" 1 JOIN_FILE_UNKNOWN hop lone invite --answer "$dir/request"
check "the keys are unchanged by all this" test "$(keys em)" = "$kept"
check "it is answered" hop an invite --answer "$dir/request"
refused "an answer is no request" 1 JOIN_FILE_NOT_REQUEST hop an invite --answer "$dir/request.answer"
refused "an answer for another invitation" 1 JOIN_FILE_OTHER hop em join "$no_hint" --answer "$dir/request.answer"
refused "an answer where it cannot be written" 3 CLI_CANNOT_WRITE hop an invite --answer "$dir/request" -o "$dir/nowhere/answer"
check "the answer brings the device in" hop em join "$stick" --answer "$dir/request.answer"
refused "a member writes no request" 1 ERR_JOIN_MEMBER hop em join "$stick" --file "$dir/again"
