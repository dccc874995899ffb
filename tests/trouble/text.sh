# shellcheck shell=bash disable=SC2154
# What people write: combining characters, very long, control characters, HTML.

nfd() { printf 'Nguye\xcc\x82\xcc\x83n Thi\xcc\xa3 Ho\xcc\x80ng'; } # e + ^ + ~, i + dot below
nfc="Nguyễn Thị Hòng"
check "a name in pieces is not the name whole" test "$(nfd)" != "$nfc"
check "an invitation for it" hop an invite "$(nfd)"
check "is stored whole" eval 'json an ".invitations[].name" members | grep -qxF "$nfc"'
check "a title in pieces" hop an meeting new "$(nfd)" --agenda "$(nfd)" --reason "$(nfd)"
last=$(json an '.meetings | length' meeting list)
check "is stored whole, and so is all else" eval '[ "$(json an "[.title, .reason, .agenda[0].title] | unique | .[]" meeting show $last)" = "$nfc" ]'
hop an send "$last" >/dev/null
check "an opinion in pieces" hop an say "$last" "$(nfd)"
check "is stored whole" eval '[ "$(json an ".opinions[-1].text" meeting show $last)" = "$nfc" ]'
soon "and is whole on the other device" eval '[ "$(json binh ".opinions[-1].text" meeting show $last)" = "$nfc" ]'

# ---- too long ----
long() { printf '%*s' "$1" '' | sed 's/ /ộ/g'; } # 3 bytes each
refused "a name of 97 bytes" 2 API_TOO_LONG hop an invite "$(long 33)"
check "one of 96" hop an invite "$(long 32)"
refused "a title of 513 bytes" 2 API_TOO_LONG hop an meeting new "$(long 171)" --agenda a --reason x
long 22000 >"$dir/long"
refused "an opinion of 66000 bytes" 1 REFUSE_TOO_LONG eval 'hop an say 1 - <"$dir/long"'
long 21800 >"$dir/long"
check "one of 65400" eval 'hop an say 1 - <"$dir/long"'
soon "arrives whole" eval 'json binh ".opinions[] | select((.text | length) > 20000) | .text" meeting show 1 | cmp - <(cat "$dir/long"; echo)'
jq -n '{title: "x", reason: "x", agenda: [range(65) | tostring]}' >"$dir/many"
refused "more than 64 items" 2 CLI_USAGE eval 'hop an meeting new x --reason x $(for i in $(seq 64); do echo --agenda $i; done) --agenda 65'
check "also for a script" api_says 400 API_TOO_LONG -X POST --data-binary @"$dir/many" --unix-socket "$dir/an/api.sock" http://localhost/api/meetings
refused "an empty opinion" 1 REFUSE_EMPTY_TEXT hop an say 1 ""
refused "an empty title" 1 REFUSE_EMPTY_TITLE hop an meeting new "" --agenda a --reason x
refused "an empty name" 1 INVITE_NO_NAME hop an invite ""

# ---- control characters ----
before=$(records an)
for what in $'\x1b[31mred' $'a\x07b' $'a\rb' $'line\nline' $'a\x7fb' $'\u0085next' $'right\u202eleft' $'isolate\u2066x'; do
    name=$(printf '%q' "$what")
    check "a name with $name is refused" refuses_in vi 1 CELL_NAME_BAD hop an invite "$what"
    check "a title with $name is refused" refuses_in en 1 REFUSE_BAD_VALUE hop an meeting new "$what" --agenda a --reason x
done
for what in $'\x1b]0;owned\x07' $'a\x08b' $'a\x7fb' $'right\u202eleft'; do
    check "a text with $(printf '%q' "$what") is refused" refuses_in vi 1 REFUSE_BAD_VALUE hop an say 1 "$what"
done
check "a text of two lines is not" hop an say 1 $'dòng một\ndòng hai'
refused "a text that is no UTF-8" 2 CLI_NOT_TEXT hop an say 1 $'\xff\xfe'
refused "nor is a name" 2 CLI_NOT_TEXT hop an invite $'Nguy\xean'
refused "a text with a NUL in it" 2 CLI_NOT_TEXT eval 'printf "a\0b" | hop an say 1 -'
check "and no name on record has any" eval '! json an ".. | strings" members | grep -P "[\x00-\x08\x0b-\x1f\x7f]"'
check "only that one was recorded" test "$(records an)" = $((before + 1))
refused "a cell's name with an escape" 1 CELL_NAME_BAD eval 'make colour >/dev/null; hop colour cell new $'"'"'\x1b[31m'"'"' --as An'
refused "a founder's name with an escape" 1 CELL_NAME_BAD hop colour cell new Chi --as $'\x1b[31m'

# ---- HTML ----
bad='<script>alert("x")</script><img src=x onerror=alert(1)>&amp;'
check "an opinion in HTML" hop an say "$last" "$bad"
check "is text" eval '[ "$(json an ".opinions[-1].text" meeting show $last)" = "$bad" ]'
check "the dossier is written" hop an dossier "$last" -o "$dir/html.html"
check "and shows it as text" eval 'grep -qF "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" "$dir/html.html" && ! grep -qF "<script>alert" "$dir/html.html" && ! grep -qF "<img src=x" "$dir/html.html"'
check "and what is there holds" eval '"$HOP" verify "$dir/html.html" >"$dir/report"; [ $? = 4 ] && grep -q "✓" "$dir/report" && ! grep -q "✗" "$dir/report" && grep -qF "${EN[DOSSIER_INCOMPLETE]}" "$dir/report"'
