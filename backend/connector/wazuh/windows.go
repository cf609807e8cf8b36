package wazuh

import (
	"strings"

	"vedette/backend/soc"
)

// windows reads Windows event data: Sysmon, Security, System, PowerShell.
func (a *alert) windows() {
	if a.data.Get("win", "eventdata").Empty() {
		return
	}
	a.processes()
	a.accounts()
	a.peers()
	for _, name := range []string{"imagePath", "path", "processName"} {
		a.file(a.event(name), "win.eventdata."+name, nil)
	}
	if target := a.event("targetObject"); target != "" {
		a.parsed(soc.KindRegistryKey, target, "data.win.eventdata.targetObject")
	}
	a.parsed(soc.KindDomain, a.event("queryName"), "data.win.eventdata.queryName")
}

// file adds a path with its hashes; the hash is a thing of its own, measured by
// the sensor.
func (a *alert) file(path, field string, hashes map[string]string) {
	if hash := strongest(hashes); hash != "" {
		a.add(soc.InboundEntity{
			Kind: soc.KindFileHash, Value: hash, Provenance: soc.ProvenanceSensorAsserted, Field: "data." + field, Properties: hashes,
			Names: []string{hashes[soc.PropertySHA256], hashes[soc.PropertySHA1], hashes[soc.PropertyMD5]},
		})
	}
	if path == "" || path == "-" {
		return
	}
	properties := map[string]string{soc.PropertyPath: path, soc.PropertyName: base(path), soc.PropertyHost: a.host}
	for k, v := range hashes {
		properties[k] = v
	}
	a.add(soc.InboundEntity{
		Kind: soc.KindFile, Value: soc.FileValue(properties), Display: base(path), Provenance: soc.ProvenanceParsed, Field: "data." + field, Properties: properties,
	})
}

func strongest(hashes map[string]string) string {
	for _, algorithm := range []string{soc.PropertySHA256, soc.PropertySHA1, soc.PropertyMD5} {
		if hashes[algorithm] != "" {
			return hashes[algorithm]
		}
	}
	return ""
}

func base(path string) string {
	path = strings.Trim(path, `"`)
	return path[strings.LastIndexAny(path, `\/`)+1:]
}

// sysmonHashes reads "SHA1=...,MD5=...,SHA256=...,IMPHASH=...". An all-zero
// digest stands for none.
func sysmonHashes(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		name, digest, found := strings.Cut(part, "=")
		property := strings.ToLower(strings.TrimSpace(name))
		if found && strings.Trim(digest, "0") != "" && (property == soc.PropertyMD5 || property == soc.PropertySHA1 || property == soc.PropertySHA256) {
			out[property] = digest
		}
	}
	return out
}

func (a *alert) processes() {
	// Sysmon 15 reports the hash of the written stream, under hash.
	hashes := sysmonHashes(a.event("hashes"))
	if loaded := a.event("imageLoaded"); loaded != "" {
		a.file(loaded, "win.eventdata.imageLoaded", hashes)
		hashes = nil
	}
	a.file(a.event("targetFilename"), "win.eventdata.targetFilename", sysmonHashes(a.event("hash")))
	a.file(a.event("image"), "win.eventdata.image", hashes)
	a.process("image", "processId", "processGuid", "commandLine", hashes, a.event("parentImage"))
	a.process("parentImage", "parentProcessId", "parentProcessGuid", "parentCommandLine", nil, "")
	a.process("sourceImage", "sourceProcessId", "sourceProcessGUID", "", nil, "")
	a.process("targetImage", "targetProcessId", "targetProcessGUID", "", nil, "")
}

// process adds one process of the event. Sysmon's GUID is unique for good, a
// process id only while the process runs.
func (a *alert) process(image, id, guid, command string, hashes map[string]string, parent string) {
	path := a.event(image)
	if path == "" {
		return
	}
	properties := map[string]string{
		soc.PropertyPath: path, soc.PropertyName: base(path), soc.PropertyHost: a.host, soc.PropertyProcessID: a.event(id),
		soc.PropertyCreated: a.event(guid), soc.PropertyCommandLine: a.event(command), soc.PropertyParent: base(parent),
	}
	for k, v := range hashes {
		properties[k] = v
	}
	value := soc.ProcessValue(properties)
	delete(properties, soc.PropertyCreated)
	properties["process_guid"] = a.event(guid)
	a.add(soc.InboundEntity{
		Kind: soc.KindProcess, Value: value, Display: base(path), Provenance: soc.ProvenanceParsed, Field: "data.win.eventdata." + image, Properties: properties,
	})
}

// accounts: the subject is who the kernel says acted; the target of a logon is
// proven only if the logon succeeded.
func (a *alert) accounts() {
	id := a.data.Member("win", "system", "eventID")
	a.account("subjectUserName", "subjectDomainName", "subjectUserSid", true)
	a.account("targetUserName", "targetDomainName", "targetUserSid", id != "4625" && id != "4776" && id != "4771" && id != "4768")
	for _, name := range []string{"user", "parentUser", "sourceUser", "targetUser"} {
		if domain, user, found := strings.Cut(a.event(name), `\`); found {
			a.addAccount(map[string]string{soc.PropertyName: user, soc.PropertyDomain: domain}, true, name)
		}
	}
	if name := a.event("accountName"); name != "" {
		a.addAccount(map[string]string{soc.PropertyName: name}, false, "accountName")
	}
}

func (a *alert) account(user, domain, sid string, proven bool) {
	p := map[string]string{soc.PropertyName: a.event(user), soc.PropertyDomain: a.event(domain), soc.PropertySID: a.event(sid)}
	if p[soc.PropertyDomain] == "-" {
		delete(p, soc.PropertyDomain)
	}
	if p[soc.PropertySID] == "S-1-0-0" { // the null SID: nobody was identified
		delete(p, soc.PropertySID)
		proven = false
	}
	if p[soc.PropertyName] != "" && p[soc.PropertyName] != "-" {
		a.addAccount(p, proven && strings.Count(p[soc.PropertySID], "-") >= 6, user)
	}
}

// addAccount: SYSTEM and its like exist on every host and name no one, so they
// are never asserted.
func (a *alert) addAccount(p map[string]string, sure bool, field string) {
	switch domain := strings.ToUpper(p[soc.PropertyDomain]); {
	case strings.HasPrefix(domain, "NT "), domain == "BUILTIN", domain == "WINDOW MANAGER", domain == "FONT DRIVER HOST":
		sure = false
	}
	a.add(soc.InboundEntity{
		Kind: soc.KindAccount, Value: soc.AccountValue(p), Properties: p, Provenance: soc.AssertedIf(sure), Field: "data.win.eventdata." + field,
		Names: []string{p[soc.PropertyName]},
	})
}

// peers are the two ends of a connection. Windows reports the address of a
// network logon from the session itself; a workstation name is what the other
// side calls itself.
func (a *alert) peers() {
	tcp := strings.EqualFold(a.event("protocol"), "tcp")
	for _, name := range []string{"sourceIp", "destinationIp"} {
		a.add(soc.InboundEntity{Kind: soc.KindIP, Value: a.event(name), Provenance: soc.AssertedIf(tcp), Field: "data.win.eventdata." + name})
	}
	a.add(soc.InboundEntity{Kind: soc.KindIP, Value: a.event("ipAddress"), Provenance: soc.AssertedIf(a.event("logonType") == "3" || a.event("logonType") == "10"), Field: "data.win.eventdata.ipAddress"})
	for _, name := range []string{"workstationName", "sourceHostname", "destinationHostname", "workstation"} {
		a.parsed(soc.KindHost, strings.TrimPrefix(a.event(name), `\\`), "data.win.eventdata."+name)
	}
}
