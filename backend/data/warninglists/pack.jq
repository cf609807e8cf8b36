($groups[0] | [.[][]]) as $wanted
| (input_filename | sub(".*/"; "") | sub("\\.json$"; "")) as $id
| select($wanted | index($id))
| .matching_attributes as $for
| ({id: $id, type, matches: [
     (if ($for | index("ip-src") or index("ip-dst")) then "ip" else empty end),
     (if ($for | index("domain") or index("hostname")) then "domain" else empty end),
     (if ($for | index("email-src")) then "mail" else empty end),
     (if ($for | index("md5") or index("sha256")) then "hash" else empty end)],
    version, entries: (.list | length), name} | tojson), (.list[] | sub("^ +"; "") | sub(" +$"; ""))
