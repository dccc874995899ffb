# shellcheck shell=bash disable=SC2154
# Sudden death at every write of a command, and at any moment of a storm of acts.

. tests/trouble/sweep.sh

# ---- init, cell new ----
fresh() { rm -rf "$dir/k"; }
init_again() {
    if [ -e "$dir/k/keys.hop" ]; then ! make k; else make k; fi && [ "$(json k '.cell == null' status)" = true ]
}
swept "init dies at any write: no device, or a whole one" kill fresh init_again make k
swept "init finds the disk full at any write" full fresh init_again make k
make k0 >/dev/null
founded() { rm -rf "$dir/k" && cp -r "$dir/k0" "$dir/k"; }
found_k() { hop k cell new "Chi bộ" --as "Người lập"; }
cell_whole() {
    local cell
    cell=$(hop k status --json | jq -r '.cell.name // "none"') || return 1
    if [ "$cell" = none ]; then found_k || return 1; fi
    hop k meeting new T --agenda a --reason x --chair "Người lập" # which needs all of the cell
}
swept "cell new dies at any write: no cell, or a whole one" kill founded cell_whole found_k
swept "cell new finds the disk full at any write" full founded cell_whole found_k

# ---- an act, a document, a dossier, without a node ----
found_k >/dev/null 2>&1
hop k meeting new "Họp" --agenda a --reason x >/dev/null
hop k send 1 >/dev/null
rm -rf "$dir/k0" && cp -r "$dir/k" "$dir/k0"
say_k() { hop k say 1 "một ý kiến"; }
act_whole() {
    local n
    n=$(opinions k) && [[ $n = [01] ]] && say_k && [ "$(opinions k)" = $((n + 1)) ]
}
swept "an act dies at any write: there or not, and the next one works" kill founded act_whole say_k
swept "an act finds the disk full at any write" full founded act_whole say_k
head -c 150000 /dev/urandom >"$dir/k.bin"
doc_k() { hop k doc add 1 "$dir/k.bin" --title "Tài liệu"; }
doc_whole() {
    local n
    n=$(json k '.documents | length' doc list 1) && [[ $n = [01] ]] && { [ "$n" = 1 ] || doc_k; } &&
        hop k doc get 1 -o "$dir/k.got" && cmp "$dir/k.bin" "$dir/k.got"
}
swept "a document dies at any write: whole or not there" kill founded doc_whole doc_k
swept "a document finds the disk full at any write" full founded doc_whole doc_k
hop k meeting open 1 >/dev/null && hop k meeting close 1 >/dev/null && hop k minutes 1 --sign >/dev/null
dossier_k() { hop k dossier 1 -o "$dir/k.html"; }
check "a dossier is written" dossier_k
was() { true; }
fingerprint=$(json k .cell.id status)
holds() { "$HOP" verify "$dir/k.html" --cell "$fingerprint"; }
swept "writing it over dies at any write: the old one or the new one holds" kill was holds dossier_k
swept "or finds the disk full" full was holds dossier_k
none() { rm -f "$dir/k.html"; }
none_or_whole() { [ ! -e "$dir/k.html" ] || holds; }
swept "a new one is whole or not there" kill none none_or_whole dossier_k

# ---- join ----
make j >/dev/null
text=$(invitation an "Người Vào")
join_j() { hop j join "$text" --beacon-port $beacon_port --wait 15; }
joins_in_the_end() { # the same device, the same invitation: whoever died on the way tries again
    local n
    hop j status # makes the store: what dies is joining itself
    for n in $(seq 60); do
        cut "$n" kill join_j >"$dir/said" 2>&1 && return
        [ "$(hop j status --json | jq -r '.cell.name // "none"')" = none ] || return 0
        [ -e "$dir/cut" ] || { cat "$dir/said"; return 1; }
    done
    return 1
}
check "join dies at any write: tried again, it joins" joins_in_the_end
check "the cell has the member once" test "$(json an '[.members[] | select(.name == "Người Vào")] | length' members)" = 1
check "its node starts" run j
soon "and gets all records" level an j
check "and may act" eval 'within 20 hop j meeting show 1; hop j status --json | jq -e .me'
stop j

# the same, and the inviter is started anew before the joiner tries again
make l >/dev/null
text=$(invitation an "Người Lạc")
join_l() { hop l join "$1" --beacon-port $beacon_port --wait "${2:-15}"; }
admitted() { [ "$(json an '[.members[] | select(.name == "Người Lạc")] | length' members)" = 1 ]; }
dies_when_admitted() {
    local n
    hop l status # makes the store
    for n in $(seq 40); do
        cut "$n" kill join_l "$text" && return 1
        admitted && break
    done
    [ "$(json l '.cell == null' status)" = true ]
}
check "a joiner dies when it is admitted and has not saved it" dies_when_admitted
stop an
run an --link-port $link_port --http-port $http_port
check "tried again, it gets in" join_l "$text"
check "once" admitted

# ---- a storm ----
hop an meeting new "Họp trong bão" --agenda "Một việc" --reason "x" >/dev/null
storm=$(json an '.meetings | length' meeting list)
hop an send "$storm" >/dev/null
within 20 hop binh meeting show "$storm" >/dev/null
: >"$dir/noted"
acts() { # note every act that was answered as recorded
    local i=0
    while [ ! -e "$dir/calm" ]; do
        i=$((i + 1))
        if hop an say "$storm" "hành vi $i" >/dev/null 2>>"$dir/said"; then echo "hành vi $i" >>"$dir/noted"; fi
    done
}
: >"$dir/said"
rm -f "$dir/calm"
acts &
client=$!
pids+=("$client")
storm_of_kills() {
    local i who signal
    for i in $(seq 26); do
        sleep "0.$((RANDOM % 300 + 100))"
        who=an signal=KILL
        [ $((RANDOM % 4)) != 0 ] || who=binh
        [ $((RANDOM % 3)) != 0 ] || signal=TERM
        stop $who $signal
        if [ $who = an ]; then
            within 20 run an --link-port $link_port --http-port $http_port
        else
            within 20 run binh
        fi || { echo "kill $i ($signal) of $who: does not start"; cat "$dir/$who.log"; return 1; }
    done
}
check "26 sudden ends in a storm of acts (seed $SEED)" storm_of_kills
touch "$dir/calm"
wait $client
: >"$dir/an.log"
: >"$dir/binh.log" # a start that had to wait for a command is no trouble
texts() { json "$1" '.opinions[].text' meeting show "$storm" | sort; }
check "$(wc -l <"$dir/noted") acts were answered as recorded: each is there" eval 'sort "$dir/noted" | comm -23 - <(texts an) | diff /dev/null -'
check "none is there twice" eval '[ -z "$(texts an | uniq -d)" ]'
check "what was refused was refused with a sentence" eval '! grep -vE "[.!]$" "$dir/said"'
soon "the other device has the same records" level an binh
check "and shows the same" eval 'texts an | diff - <(texts binh)'
check "nothing is waiting, nothing is without effect" eval '[ "$(json an "[.pending, .ignored] | add" status)$(json binh "[.pending, .ignored] | add" status)" = 00 ]'
finish_meeting() {
    hop an meeting open "$storm" && hop an meeting close "$storm" && hop an minutes "$storm" --sign &&
        hop an dossier "$storm" -o "$dir/storm.html"
}
check "the meeting is brought to its end" finish_meeting
check "the dossier of the storm holds" "$HOP" verify "$dir/storm.html" --cell "$(json an .cell.id status)"
