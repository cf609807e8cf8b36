package wazuh

import (
	"net/netip"
	"strings"

	"vedette/backend/soc"
)

// logs reads the fields that Wazuh's decoders share (srcip, dstuser, url ...).
// They come out of text that any local process can write.
func (a *alert) logs() {
	for _, name := range []string{"srcip", "dstip"} {
		a.parsed(soc.KindIP, a.data.Member(name), "data."+name)
	}
	for _, name := range []string{"srcuser", "dstuser", "user"} {
		a.parsed(soc.KindAccount, a.data.Member(name), "data."+name)
	}
	for _, name := range []string{"hostname", "system_name"} {
		a.parsed(soc.KindHost, a.data.Member(name), "data."+name)
	}
	if url := a.data.Member("url"); strings.Contains(url, "://") {
		a.parsed(soc.KindURL, url, "data.url")
	}
	if command := a.data.Member("command"); command != "" {
		a.add(soc.InboundEntity{
			Kind: soc.KindProcess, Value: command, Display: base(first(strings.Fields(command))), Provenance: soc.ProvenanceParsed, Field: "data.command",
			Properties: map[string]string{soc.PropertyCommandLine: command, soc.PropertyHost: a.host},
		})
	}
	audit := a.data.Get("audit")
	for _, name := range []string{"exe", "file.name", "directory.name"} {
		a.file(audit.Member(strings.Split(name, ".")...), "audit."+name, nil)
	}
	a.parsed(soc.KindAccount, audit.Member("auid", "name"), "data.audit.auid.name")
}

// suricata reads EVE records that Wazuh took from eve.json.
func (a *alert) suricata() {
	d := a.data
	proven := soc.AssertedIf(soc.ProvenTCP(d.Member("proto"), d.Member("app_proto"), d.Member("flow", "pkts_toclient")))
	for _, name := range []string{"src_ip", "dest_ip"} {
		a.add(soc.InboundEntity{Kind: soc.KindIP, Value: d.Member(name), Provenance: proven, Field: "data." + name})
	}
	host, path := d.Member("http", "hostname"), d.Member("http", "url")
	if host != "" {
		a.wireName(host, "data.http.hostname")
		if strings.HasPrefix(path, "/") {
			if port := d.Member("http", "http_port"); port != "" && port != "80" && !strings.Contains(host, ":") {
				host += ":" + port
			}
			a.parsed(soc.KindURL, "http://"+host+path, "data.http.url")
		}
	}
	for _, path := range [][]string{{"tls", "sni"}, {"dns", "rrname"}} {
		if name := d.Member(path...); name != "" {
			a.wireName(name, "data."+strings.Join(path, "."))
		}
	}
	for _, f := range d.Get("files").Items() {
		a.file(f.Member("filename"), "files.filename", map[string]string{
			soc.PropertySHA256: f.Member("sha256"), soc.PropertySHA1: f.Member("sha1"), soc.PropertyMD5: f.Member("md5"),
		})
	}
}

// wireName adds a name seen on the wire, which may be an address.
func (a *alert) wireName(text, field string) {
	if host, _, found := strings.Cut(text, ":"); found && strings.Count(text, ":") == 1 {
		text = host
	}
	if _, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		a.parsed(soc.KindIP, text, field)
		return
	}
	a.parsed(soc.KindDomain, text, field)
}

// files reads the file monitor and the reputation service.
func (a *alert) files() {
	check := a.Get("syscheck")
	if path := check.Member("path"); path != "" {
		hashes := map[string]string{
			soc.PropertySHA256: check.Member("sha256_after"), soc.PropertySHA1: check.Member("sha1_after"), soc.PropertyMD5: check.Member("md5_after"),
		}
		switch {
		case !strings.HasPrefix(strings.ToUpper(path), "HKEY_"):
			a.file(path, "syscheck.path", hashes)
		case check.Member("value_name") != "":
			a.parsed(soc.KindRegistryValue, path+`\`+check.Member("value_name"), "syscheck.value_name")
			a.parsed(soc.KindRegistryKey, path, "syscheck.path")
		default:
			a.parsed(soc.KindRegistryKey, path, "syscheck.path")
		}
	}
	a.file(a.data.Member("file"), "file", nil)
	if scan := a.data.Get("virustotal"); !scan.Empty() {
		a.virustotal(scan)
	}
}

// virustotal: the hashes were computed by the agent, the verdict is the
// service's. Whether the file was removed is not said, so it was not.
func (a *alert) virustotal(scan soc.Payload) {
	source := scan.Get("source")
	hashes := map[string]string{soc.PropertyMD5: source.Member("md5"), soc.PropertySHA1: source.First("sha1").Text()}
	if hashes[soc.PropertySHA1] == "" {
		hashes[soc.PropertySHA1] = scan.Member("sha1")
	}
	verdict := ""
	switch {
	case scan.Member("malicious") != "" && scan.Member("malicious") != "0":
		verdict = "malicious"
	case scan.Member("found") == "1":
		verdict = "clean"
	}
	a.add(soc.InboundEntity{
		Kind: soc.KindFileHash, Value: strongest(hashes), Provenance: soc.ProvenanceSensorAsserted, Field: "data.virustotal.source.sha1",
		Properties: hashes, Names: []string{hashes[soc.PropertySHA1], hashes[soc.PropertyMD5]}, VendorVerdict: verdict,
	})
	path := source.Member("file")
	properties := map[string]string{soc.PropertyPath: path, soc.PropertyName: base(path), soc.PropertyHost: a.host, soc.PropertyMD5: hashes[soc.PropertyMD5], soc.PropertySHA1: hashes[soc.PropertySHA1]}
	if path != "" {
		a.add(soc.InboundEntity{
			Kind: soc.KindFile, Value: soc.FileValue(properties), Display: base(path), Provenance: soc.ProvenanceParsed, Field: "data.virustotal.source.file",
			Properties: properties, VendorVerdict: verdict,
		})
	}
	a.VendorVerdict = verdict
}
