# shellcheck shell=bash disable=SC2154
# A whole meeting, in which somebody tries to lay a secret paper: not a byte of it is sealed, sent,
# stored, put on a stick or left in a log. What is internal must be seen, or this part sees nothing.

secret=SECRET-CANARY-$RANDOM$RANDOM$RANDOM
internal=INTERNAL-CANARY-$RANDOM$RANDOM$RANDOM
mkdir "$dir/tap" "$dir/stick" "$dir/papers"
echo "$secret and what follows it" >"$dir/papers/secret.txt"
for i in $(seq 3000); do echo "$internal line $i"; done >"$dir/papers/internal.txt"
export TAP=$dir/tap
tapped() { LD_PRELOAD="$dir/tap.so" "$@"; }

stop an
stop binh
real=$HOP
printf '#!/bin/bash\nLD_PRELOAD=%q exec %q "$@"\n' "$dir/tap.so" "$real" >"$dir/tapped" && chmod +x "$dir/tapped"
HOP=$dir/tapped
check "both nodes run with a tap" eval 'run an --link-port $link_port --http-port $http_port && run binh'
soon "and are connected" connected an
full_meeting() {
    hop an meeting new "Họp về tài liệu" --agenda "Một việc" --reason "ở xa" || return 1
    m=$(json an '.meetings | length' meeting list)
    hop an doc add "$m" "$dir/papers/internal.txt" --class internal --title "Tài liệu" && hop an send "$m" &&
        within 20 hop binh meeting show "$m" && hop an say "$m" "$internal, spoken"
}
check "a meeting is convened, with an internal paper" full_meeting
add_secret() { hop an doc add "$m" "$dir/papers/secret.txt" --class secret --title "$secret, the title"; }
refused "a secret one is refused by the command line" 1 REFUSE_SECRET add_secret
token=$(sed 's/.*token=//' "$dir/an/link")
ask() { api_says 409 REFUSE_SECRET -X POST -H "Authorization: Bearer $token" -d "$2" "http://127.0.0.1:$http_port/api/meetings/$m/$1"; }
check "and by the node, before its bytes are taken" ask uploads '{"class": "secret"}'
check "and with them" ask documents "{\"class\": \"secret\", \"title\": \"$secret, the title\", \"content\": \"$(base64 -w0 "$dir/papers/secret.txt")\"}"
rest_of_meeting() {
    hop an meeting open "$m" && within 20 hop binh meeting attend "$m" && hop an meeting attend "$m"
    hop an meeting roll "$m" --confirm
    hop an motion put "$m" "Thông qua" && within 20 hop binh vote 1 agree
    hop an motion close 1 && hop an meeting close "$m" && hop an minutes "$m" --sign && hop an dossier "$m" -o "$dir/papers/dossier.html" &&
        hop an bundle write "$dir/stick" --all && "$HOP" verify "$dir/papers/dossier.html"
}
check "the meeting is brought to its end, with a dossier and a stick" rest_of_meeting
has_paper() { hop binh doc get 1 -o "$dir/papers/got.txt" || hop binh doc get 2 -o "$dir/papers/got.txt"; cmp "$dir/papers/got.txt" "$dir/papers/internal.txt"; }
soon "the internal paper has reached the other" has_paper
stop an
stop binh
HOP=$real
hits() { # hits WORD FILE...: as it is, in base64, in hexadecimal
    local word=$1
    shift
    grep -raFl -e "$word" -e "$(printf %s "$word" | base64 -w0 | head -c 20)" -e "$(printf %s "$word" | od -An -tx1 | tr -d ' \n' | head -c 40)" "$@"
}
nowhere() { ! hits "$@"; }
sealed() { find "$TAP" -name '*.sealed'; }
check "the tap sees what is sealed: the internal paper" eval 'hits "$internal, spoken" $(sealed)'
check "and what is written: its bytes, to this machine's own socket" eval 'hits "$internal line" "$TAP"/*.written'
check "what goes into links is sealed already" eval '[ -s "$(ls -S "$TAP"/*.links | head -n 1)" ] && nowhere "$internal" "$TAP"/*.links'
check "nor is it in the clear in a store or on a stick" nowhere "$internal" "$dir/an" "$dir/binh" "$dir/stick"
check "no byte of the secret paper was sealed, written or sent" nowhere "$secret" "$TAP"
check "nor is one in a store, a key file, a log, a trace or on a stick" nowhere "$secret" "$dir/an" "$dir/binh" "$dir/stick" "$dir"/*.log "$dir"/*.trace
other_places() { find /tmp /var/tmp /dev/shm -xdev -newer "$dir/tapped" -type f -not -path "$dir/*" 2>/dev/null; }
check "nor anywhere else that programs leave things" eval 'other_places | { ! xargs -r -d "\n" grep -laF "$secret" 2>/dev/null; }'
unset TAP
check "the two run on without a tap" eval 'run an --link-port $link_port --http-port $http_port && run binh'
soon "and are connected again" connected an
