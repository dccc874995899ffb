# shellcheck shell=bash disable=SC2154
# The API on loopback and on its socket, by curl.

base=http://127.0.0.1:$http_port
token=$(sed 's/.*token=//' "$dir/an/link")
auth="Authorization: Bearer $token"
post=(-X POST -H "$auth" -H "Content-Type: application/json")
before=$(records an)

check "the token opens it" test "$(http -H "$auth" $base/api/status)" = 200
check "no token" api_says 401 HTTP_NO_TOKEN $base/api/status
check "a wrong token" api_says 401 HTTP_NO_TOKEN -H "Authorization: Bearer ${token%?}z" $base/api/status
check "an empty token" api_says 401 HTTP_NO_TOKEN -H "Authorization: Bearer " $base/api/status
check "half a token" api_says 401 HTTP_NO_TOKEN -H "Authorization: Bearer ${token:0:32}" $base/api/status
check "a wrong token in the link" api_says 401 HTTP_NO_TOKEN "$base/?token=${token%?}z"
check "the token of another node" api_says 401 HTTP_NO_TOKEN -H "Authorization: Bearer $(sed 's/.*token=//' "$dir/binh/link")" $base/api/status
check "no token, an act" api_says 401 HTTP_NO_TOKEN -X POST -d '{"text":"x"}' $base/api/meetings/1/opinions
for host in evil.example "evil.example:$http_port" "127.0.0.1.evil.example:$http_port" "127.0.0.1:$((http_port + 1))" "localhost" "[::1]:$http_port" ""; do
    check "a name that leads here, \"$host\", is foreign" api_says 403 HTTP_FOREIGN_HOST -H "Host: $host" -H "$auth" $base/api/status
done
check "two hosts" test "$(http -H "Host: 127.0.0.1:$http_port" -H "$auth" --request-target http://evil.example/api/status $base/)" != 200
for origin in http://evil.example "http://127.0.0.1:$((http_port + 1))" "https://127.0.0.1:$http_port" null "http://127.0.0.1:$http_port.evil.example"; do
    check "the origin $origin is foreign" api_says 403 HTTP_FOREIGN_ORIGIN -H "Origin: $origin" -H "$auth" $base/api/status
done
check "a page of another site" api_says 403 HTTP_FOREIGN_ORIGIN -H "Sec-Fetch-Site: cross-site" -H "$auth" $base/api/status
check "no header lets other sites read" eval 'curl -si --noproxy "*" -H "$auth" -H "Origin: http://127.0.0.1:$http_port" $base/api/status | tr -d "\r" >$dir/heads; grep -q "^HTTP/1.1 200" $dir/heads && ! grep -i "access-control" $dir/heads'

check "bad JSON" api_says 400 API_BAD_JSON "${post[@]}" -d '{"text": "x"' $base/api/meetings/1/opinions
check "JSON that is no object" api_says 400 API_NOT_AN_OBJECT "${post[@]}" -d '["x"]' $base/api/meetings/1/opinions
check "a field twice" api_says 400 API_BAD_JSON "${post[@]}" -d '{"text":"a","text":"b"}' $base/api/meetings/1/opinions
check "a field nobody knows" api_says 400 API_UNKNOWN_KEY "${post[@]}" -d '{"text":"x","vote":1}' $base/api/meetings/1/opinions
check "a field of the wrong kind" api_says 400 API_WRONG_KIND "${post[@]}" -d '{"text":7}' $base/api/meetings/1/opinions
check "a field that is missing" api_says 400 API_MISSING_KEY "${post[@]}" -d '{}' $base/api/meetings/1/opinions
check "a NUL in a text" api_says 400 API_BAD_JSON "${post[@]}" -d '{"text":"a\u0000b"}' $base/api/meetings/1/opinions
check "bytes that are no UTF-8" api_says 400 API_BAD_JSON "${post[@]}" --data-binary $'{"text":"\xff\xfe"}' $base/api/meetings/1/opinions
deep=$(printf '%*s' 100000 '' | tr ' ' '[')
printf '%s' "$deep" >"$dir/deep"
check "JSON nested 100000 deep" api_says 400 API_BAD_JSON "${post[@]}" --data-binary @"$dir/deep" $base/api/meetings/1/opinions
head -c 10000000 /dev/zero | tr '\0' ' ' >"$dir/ten"
check "ten megabytes" api_says 413 API_BODY_TOO_LARGE "${post[@]}" --data-binary @"$dir/ten" $base/api/meetings/1/opinions
check "ten megabytes whose length is not told" api_says 413 API_BODY_TOO_LARGE "${post[@]}" -H "Transfer-Encoding: chunked" --data-binary @"$dir/ten" $base/api/meetings/1/opinions
check "an unknown path" api_says 404 API_NO_SUCH_PAGE -H "$auth" $base/api/nothing
check "an unknown method" api_says 405 API_NO_SUCH_METHOD -X PUT -H "$auth" $base/api/status
check "an unknown meeting" api_says 404 API_NO_SUCH_MEETING -H "$auth" $base/api/meetings/99
for path in /../../etc/passwd /..%2f..%2fetc%2fpasswd /%2e%2e/keys.hop /web/../keys.hop //etc/passwd /keys.hop /link; do
    check "$path is no page" api_says 404 HTTP_NO_SUCH_PAGE --path-as-is "$base$path"
done
check "nor is one below a meeting" test "$(http --path-as-is -H "$auth" $base/api/meetings/..%2f..%2fkeys.hop)" = 404
check "a path of 5000 letters" eval '[ $(http -H "$auth" $base/api/$(printf "%5000s" "" | tr " " a)) = 404 ]'
check "a header of 200 KB does not end it" eval 'http -H "$auth" -H "X: $(printf "%100000s" "" | tr " " a)" $base/api/status; hop an status'
check "none of this put anything on record" test "$(records an)" = "$before"

check "the socket is its owner's" test "$(stat -c %a "$dir/an/api.sock")" = 600
check "so is the link" test "$(stat -c %a "$dir/an/link")" = 600
check "so are keys and records" test "$(stat -c %a "$dir/an/keys.hop" "$dir/an/records.mdb" "$dir/an" | tr '\n' ' ')" = "600 600 700 "
check "the socket needs no token" test "$(http --unix-socket "$dir/an/api.sock" http://localhost/api/status)" = 200
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
    chmod 755 "$dir" "$dir/an" # as if the directory did not protect it
    check "and opens for nobody else" eval '! setpriv --reuid 65534 --regid 65534 --clear-groups curl -s --unix-socket "$dir/an/api.sock" http://localhost/api/status'
    chmod 700 "$dir/an"
fi
