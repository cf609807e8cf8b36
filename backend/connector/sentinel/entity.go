package sentinel

import (
	"strings"

	"vedette/backend/soc"
)

var entityMakers map[string]func(*graph, soc.Payload, int) (soc.InboundEntity, bool)

func init() {
	// An init breaks the cycle of the table, which makers use through add.
	entityMakers = map[string]func(*graph, soc.Payload, int) (soc.InboundEntity, bool){
		"account": (*graph).account, "host": (*graph).hostEntity, "ip": (*graph).ip, "url": (*graph).url, "dns": (*graph).domain,
		"dnsresolution": (*graph).domain, "file": (*graph).file, "filehash": (*graph).hash, "process": (*graph).process,
		"mailbox": (*graph).mailbox, "mailmessage": (*graph).mail, "registrykey": (*graph).registryKey,
		"registryvalue": (*graph).registryValue, "azureresource": (*graph).resource, "cloudapplication": (*graph).application,
		"oauthapplication": (*graph).registeredApp, "mailcluster": (*graph).cluster,
		// Sessions and requests are events, not things: evidence only.
		"cloudlogonsession": none, "cloudlogonrequest": none, "hostlogonsession": none, "networkconnection": none, "location": none,
	}
}

func none(*graph, soc.Payload, int) (soc.InboundEntity, bool) { return soc.InboundEntity{}, false }

func (g *graph) assertedIf(sure bool) soc.Provenance {
	if sure && !g.scheduled {
		return soc.ProvenanceSensorAsserted
	}
	return soc.ProvenanceParsed
}

func (g *graph) account(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	name := v.First("AccountName", "Name").Text()
	upn := v.Member("UserPrincipalName")
	if suffix := v.Member("UPNSuffix"); upn == "" && suffix != "" && name != "" && !strings.ContainsAny(name, " @") {
		upn = name + "@" + suffix
	}
	p := map[string]string{
		soc.PropertyName: name, soc.PropertyUPN: upn, soc.PropertySID: v.Member("Sid"), soc.PropertyObjectID: v.Member("AadUserId"),
		soc.PropertyDomain: v.First("NTDomain", "DomainName", "DnsDomain", "UPNSuffix").Text(),
	}
	value := soc.AccountValue(p)
	if value == "" {
		value = v.First("DisplayName", "PUID").Text()
	}
	directory := p[soc.PropertyObjectID] != "" || upn != "" || strings.Count(p[soc.PropertySID], "-") >= 6
	display := value
	if upn != "" {
		display = upn
	}
	return soc.InboundEntity{
		Kind: soc.KindAccount, Value: value, Display: display, Names: nonEmpty(name, v.Member("Name"), v.Member("DisplayName")), Properties: p,
		Provenance: g.assertedIf(directory && v.Member("IsValid") != "false"),
	}, value != ""
}

func nonEmpty(words ...string) []string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}

func (g *graph) hostEntity(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	p := map[string]string{
		soc.PropertyName: v.First("HostName", "NetBiosName").Text(), soc.PropertyDomain: v.First("DnsDomain", "NTDomain").Text(),
		soc.PropertyFQDN: v.Member("FQDN"), soc.PropertyDeviceID: v.Member("MdatpDeviceId"), soc.PropertyDirectoryID: v.Member("AadDeviceId"),
		soc.PropertyOS: strings.TrimSpace(v.First("OSFamily", "OSPlatform").Text() + " " + v.Member("OSVersion")),
	}
	value := soc.HostValue(p)
	inventory := p[soc.PropertyDeviceID] != "" || p[soc.PropertyDirectoryID] != "" ||
		strings.Contains(g.provider, "Advanced Threat Protection") || g.provider == "Azure Security Center"
	display := p[soc.PropertyName]
	if display == "" {
		display = value
	}
	return soc.InboundEntity{
		Kind: soc.KindHost, Value: value, Display: display, Names: nonEmpty(v.Member("NetBiosName"), v.Member("HostName")), Properties: p,
		Provenance: g.assertedIf(inventory),
	}, value != ""
}

// signInProviders report an address only after a finished handshake with a
// Microsoft service.
var signInProviders = map[string]bool{"IPC": true, "MCAS": true, "Azure Security Center": true}

func (g *graph) ip(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	address := v.Member("Address")
	return soc.InboundEntity{
		Kind: soc.KindIP, Value: address, Provenance: g.assertedIf(signInProviders[g.provider] && v.Member("IsValid") != "false"),
		Properties: map[string]string{"country": v.Member("Location", "CountryCode"), "city": v.Member("Location", "City"), "asn": v.Member("Location", "Asn")},
	}, address != ""
}

func (g *graph) url(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	u := v.Member("Url")
	return soc.InboundEntity{Kind: soc.KindURL, Value: u}, u != ""
}

func (g *graph) domain(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	name := v.First("DomainName", "Domain").Text()
	return soc.InboundEntity{Kind: soc.KindDomain, Value: name}, name != ""
}

// fileParts are the members of a file object and its hashes.
func (g *graph) fileParts(v soc.Payload) map[string]string {
	name, directory := v.Member("Name"), v.Member("Directory")
	p := map[string]string{soc.PropertyName: name, soc.PropertyPath: joinPath(directory, name), soc.PropertyHost: g.host}
	for _, h := range v.Get("FileHashes").Items() {
		h = g.resolve(h)
		if property := hashProperty(h.Member("Algorithm")); property != "" {
			p[property] = h.Member("Value")
		}
	}
	return p
}

func hashProperty(algorithm string) string {
	switch strings.ToUpper(algorithm) {
	case "MD5":
		return soc.PropertyMD5
	case "SHA1":
		return soc.PropertySHA1
	case "SHA256", "SHA256AC":
		return soc.PropertySHA256
	}
	return ""
}

func joinPath(directory, name string) string {
	switch {
	case directory == "" || name == "":
		return directory + name
	case strings.Contains(directory, "/") && !strings.Contains(directory, `\`):
		return strings.TrimSuffix(directory, "/") + "/" + name
	}
	return strings.TrimSuffix(directory, `\`) + `\` + name
}

func (g *graph) file(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	p := g.fileParts(v)
	g.fileHash(v, p)
	value := soc.FileValue(p)
	return soc.InboundEntity{
		Kind: soc.KindFile, Value: value, Display: v.First("Name", "Directory").Text(), Names: nonEmpty(p[soc.PropertyName], p[soc.PropertyPath]), Properties: p,
	}, value != ""
}

// fileHash makes one hash entity for a file, its strongest digest, known by the
// others too: three entities for one content would only hide the rest.
func (g *graph) fileHash(v soc.Payload, p map[string]string) {
	var best, algorithm string
	for _, property := range []string{soc.PropertySHA256, soc.PropertySHA1, soc.PropertyMD5} {
		if best == "" {
			best, algorithm = p[property], property
		}
	}
	if best == "" {
		return
	}
	ref := g.AddEntity(soc.InboundEntity{
		Kind: soc.KindFileHash, Value: best, Provenance: g.assertedIf(true), Field: "Entities.FileHashes",
		Names: nonEmpty(p[soc.PropertySHA256], p[soc.PropertySHA1], p[soc.PropertyMD5]),
		Properties: map[string]string{
			soc.PropertyAlgorithm: algorithm, soc.PropertyMD5: p[soc.PropertyMD5], soc.PropertySHA1: p[soc.PropertySHA1], soc.PropertySHA256: p[soc.PropertySHA256],
		},
	})
	for _, h := range v.Get("FileHashes").Items() {
		if id := g.resolve(h).Member("$id"); id != "" {
			g.refs[id] = ref
		}
	}
}

func (g *graph) hash(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	value := v.Member("Value")
	return soc.InboundEntity{
		Kind: soc.KindFileHash, Value: value, Provenance: g.assertedIf(true),
		Properties: map[string]string{soc.PropertyAlgorithm: strings.ToLower(v.Member("Algorithm"))},
	}, value != ""
}

func (g *graph) process(v soc.Payload, depth int) (soc.InboundEntity, bool) {
	image, parent := g.resolve(v.Get("ImageFile")), g.resolve(v.Get("ParentProcess"))
	g.add(image, depth+1)
	g.add(parent, depth+1)
	g.add(v.Get("Account"), depth+1)
	p := g.fileParts(image)
	p[soc.PropertyProcessID] = v.Member("ProcessId")
	p[soc.PropertyCommandLine] = v.Member("CommandLine")
	p[soc.PropertyCreated] = v.First("CreationTimeUtc", "CreatedTimeUtc").Text()
	p[soc.PropertyParent] = g.resolve(parent.Get("ImageFile")).Member("Name")
	name := p[soc.PropertyName]
	if name == "" {
		name = v.First("FriendlyName", "CommandLine").Text()
	}
	value := soc.ProcessValue(p)
	return soc.InboundEntity{
		Kind: soc.KindProcess, Value: value, Display: name, Names: nonEmpty(name, p[soc.PropertyPath]), Properties: p,
	}, value != ""
}

func (g *graph) mailbox(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	address := v.First("MailboxPrimaryAddress", "Upn").Text()
	return soc.InboundEntity{
		Kind: soc.KindMailbox, Value: address, Names: nonEmpty(v.Member("DisplayName"), v.Member("Upn")),
		Properties: map[string]string{soc.PropertyObjectID: v.Member("AadId"), soc.PropertyUPN: v.Member("Upn")},
		Provenance: g.assertedIf(v.Member("AadId") != ""),
	}, address != ""
}

// mail also yields what the message carries: its links, its sender and the
// address it came from. All of it is the sender's writing.
func (g *graph) mail(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	id := v.First("NetworkMessageId", "InternetMessageId").Text()
	for _, link := range v.Get("Urls").Texts() {
		g.AddEntity(soc.InboundEntity{Kind: soc.KindURL, Value: link, Field: "Entities.Urls"})
	}
	if ip := v.Member("SenderIP"); ip != "" {
		g.AddEntity(soc.InboundEntity{Kind: soc.KindIP, Value: ip, Field: "Entities.SenderIP"})
	}
	if to := v.Member("Recipient"); to != "" {
		g.AddEntity(soc.InboundEntity{Kind: soc.KindMailbox, Value: to, Field: "Entities.Recipient"})
	}
	return soc.InboundEntity{
		Kind: soc.KindMailMessage, Value: id, Display: v.First("Subject", "NetworkMessageId").Text(), Names: nonEmpty(v.Member("InternetMessageId")),
		Properties: map[string]string{
			soc.PropertySender: v.First("P2Sender", "Sender").Text(), soc.PropertySubject: v.Member("Subject"),
			soc.PropertyMessageID: v.Member("InternetMessageId"), "recipient": v.Member("Recipient"),
		},
	}, id != ""
}

func (g *graph) cluster(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	value := v.First("Urn", "ClusterByValue").Text()
	return soc.InboundEntity{
		Kind: soc.KindOther, Value: value, Display: "mail cluster " + v.Member("ClusterByValue"),
		Properties: map[string]string{"type": "mail_cluster", "mail_count": v.Member("MailCount")},
	}, value != ""
}

func registryPath(v soc.Payload) string { return joinPath(v.Member("Hive"), v.Member("Key")) }

func (g *graph) registryKey(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	path := registryPath(v)
	return soc.InboundEntity{Kind: soc.KindRegistryKey, Value: path}, path != ""
}

func (g *graph) registryValue(v soc.Payload, depth int) (soc.InboundEntity, bool) {
	g.add(v.Get("Key"), depth+1)
	path := joinPath(registryPath(g.resolve(v.Get("Key"))), v.Member("Name"))
	return soc.InboundEntity{Kind: soc.KindRegistryValue, Value: path, Names: nonEmpty(v.Member("Name"))}, path != ""
}

func (g *graph) resource(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	id := v.Member("ResourceId")
	return soc.InboundEntity{
		Kind: soc.KindCloudResource, Value: id, Display: v.First("ResourceName", "ResourceId").Text(), Provenance: g.assertedIf(true),
		Properties: map[string]string{soc.PropertyResourceType: v.Member("ResourceType"), soc.PropertyName: v.Member("ResourceName")},
	}, id != ""
}

func (g *graph) application(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	id := v.First("AppId", "SaasId", "Name").Text()
	return soc.InboundEntity{
		Kind: soc.KindApplication, Value: id, Display: v.First("Name", "InstanceName", "AppId").Text(), Provenance: g.assertedIf(true),
		Properties: map[string]string{soc.PropertyName: v.Member("Name"), "instance": v.Member("InstanceName")},
	}, id != ""
}

// registeredApp is an app that somebody registered: its name is theirs.
func (g *graph) registeredApp(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	id := v.First("OAuthAppId", "OAuthObjectId", "Name").Text()
	return soc.InboundEntity{
		Kind: soc.KindApplication, Value: id, Display: v.First("Name", "OAuthAppId").Text(),
		Properties: map[string]string{soc.PropertyName: v.Member("Name"), soc.PropertyObjectID: v.Member("OAuthObjectId"), "publisher": v.Member("PublisherName")},
	}, id != ""
}

// other keeps an entity of a type this mapper does not know under its first
// value.
func (g *graph) other(v soc.Payload, _ int) (soc.InboundEntity, bool) {
	for _, leaf := range v.Leaves("") {
		if leaf.Path != "$id" && leaf.Path != "Type" && leaf.Path != "type" && leaf.Path != "$ref" {
			return soc.InboundEntity{
				Kind: soc.KindOther, Value: leaf.Text, Properties: map[string]string{"type": entityType(v)},
			}, true
		}
	}
	return soc.InboundEntity{}, false
}
