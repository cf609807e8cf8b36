package sentinel

import (
	"strings"

	"vedette/backend/soc"
)

// evidenceTypes says which kind of row an entity object makes.
var evidenceTypes = map[string]string{
	"process": "process", "file": "file", "filehash": "file", "ip": "network", "url": "url", "dns": "dns", "dnsresolution": "dns",
	"networkconnection": "network", "account": "account", "host": "host", "mailbox": "mail", "mailmessage": "mail", "mailcluster": "mail",
	"registrykey": "registry", "registryvalue": "registry", "cloudlogonsession": "logon", "cloudlogonrequest": "logon",
	"hostlogonsession": "logon", "azureresource": "cloud", "cloudapplication": "cloud", "oauthapplication": "cloud",
}

// attackerWritten are members whose text comes from whoever is being watched,
// even on an entity that the sensor vouches for.
var attackerWritten = map[string]bool{
	"CommandLine": true, "UserAgent": true, "Subject": true, "Name": true, "Directory": true, "Url": true, "DisplayName": true,
	"P2SenderDisplayName": true, "P1SenderDisplayName": true, "PublisherName": true, "FriendlyName": true, "Value": true, "Query": true,
}

// evidence adds the row of one entity object, once per $id. A hash that belongs
// to a file is shown in the file's row only.
func (g *graph) evidence(v soc.Payload) {
	id := v.Member("$id")
	if id != "" && g.rows[id] {
		return
	}
	g.rows[id] = true
	kind := entityType(v)
	if kind == "filehash" && g.ownedHash(id) {
		return
	}
	rowType := evidenceTypes[kind]
	if rowType == "" {
		rowType = "entity"
	}
	refs := []string{g.add(v, 0)}
	provenance := g.entity(refs[0]).Provenance
	fields := []soc.Field{soc.Asserted("entity_type", kind)}
	switch kind {
	case "process":
		fields = append(fields, g.processFields(v, "", 0, &refs)...)
	case "file":
		fields = append(fields, g.fileFields(v, "", &refs)...)
	case "account":
		if name, suffix := v.Member("Name"), v.Member("UPNSuffix"); name != "" && suffix != "" {
			fields = append(fields, soc.Parsed("account", name+"@"+suffix))
		}
	}
	fields = append(fields, g.scalars(v, kind, provenance, &refs)...)
	if kind == "process" || kind == "file" {
		refs = append(refs, g.hostRef)
		fields = append(fields, soc.Asserted("host", g.host))
	}
	g.AddEvidence(rowType, g.timeOf(v), refs, fields...)
}

func (g *graph) ownedHash(id string) bool {
	for _, v := range g.byID {
		for _, h := range v.Get("FileHashes").Items() {
			if h.Member("$id") == id || h.Member("$ref") == id {
				return true
			}
		}
	}
	return false
}

// told are the members that processFields and fileFields have already shown.
var told = map[string]map[string]bool{
	"process": {
		"ProcessId": true, "CommandLine": true, "CreationTimeUtc": true, "ImageFile": true, "ParentProcess": true, "Account": true,
	},
	"file": {"Name": true, "Directory": true, "FileHashes": true},
}

// scalars shows every other member. A nested entity is named by its ref, since
// it has a row of its own.
func (g *graph) scalars(v soc.Payload, kind string, provenance soc.Provenance, refs *[]string) []soc.Field {
	var fields []soc.Field
	for _, m := range v.Members() {
		if strings.HasPrefix(m.Name, "$") || m.Name == "Type" || told[kind][m.Name] {
			continue
		}
		nested := g.resolve(m.Value)
		if nested.Get("$id").Exists() && nested.Get("Type").Exists() {
			*refs = append(*refs, g.add(nested, 1))
		}
		for _, leaf := range nested.Leaves(m.Name) {
			if strings.Contains(leaf.Path, ".$id") || strings.HasSuffix(leaf.Path, ".Type") {
				continue
			}
			f := soc.Field{Name: fieldName(leaf.Path), Value: leaf.Text, Provenance: soc.ProvenanceParsed}
			if provenance == soc.ProvenanceSensorAsserted && !attackerWritten[m.Name] {
				f.Provenance = soc.ProvenanceSensorAsserted
			}
			fields = append(fields, f)
		}
	}
	return fields
}

// fieldName writes a payload path as words: Location.CountryCode becomes
// location.country_code.
func fieldName(path string) string {
	parts := strings.Split(path, ".")
	for i, p := range parts {
		name, index, _ := strings.Cut(p, "[")
		if index != "" {
			index = "[" + index
		}
		parts[i] = soc.TypeWord(name) + index
	}
	return strings.Join(parts, ".")
}

// processFields shows a process and, under parent., its parents.
func (g *graph) processFields(v soc.Payload, prefix string, depth int, refs *[]string) []soc.Field {
	v = g.resolve(v)
	if v.Empty() || depth > maxNesting {
		return nil
	}
	image := g.resolve(v.Get("ImageFile"))
	command := v.Member("CommandLine")
	fields := []soc.Field{
		soc.Parsed(prefix+"command_line", command),
		soc.Parsed(prefix+"decoded_command", soc.DecodedCommand(command)),
		g.sensor(prefix+"process_id", v.Member("ProcessId")),
		g.sensor(prefix+"creation_time", v.First("CreationTimeUtc", "CreatedTimeUtc").Text()),
	}
	if !image.Empty() {
		*refs = append(*refs, g.add(image, depth+1))
		fields = append(fields, g.fileFields(image, prefix+"image.", refs)...)
	}
	if account := g.resolve(v.Get("Account")); !account.Empty() {
		ref := g.add(account, depth+1)
		*refs = append(*refs, ref)
		fields = append(fields, soc.Field{Name: prefix + "account", Value: g.entity(ref).Display, Provenance: g.entity(ref).Provenance})
	}
	if parent := v.Get("ParentProcess"); !parent.Empty() {
		*refs = append(*refs, g.add(parent, depth+1))
		fields = append(fields, g.processFields(parent, prefix+"parent.", depth+1, refs)...)
	}
	return fields
}

// sensor is a value that the sensor measured, if there is a sensor.
func (g *graph) sensor(name, value string) soc.Field {
	if g.scheduled {
		return soc.Parsed(name, value)
	}
	return soc.Asserted(name, value)
}

func (g *graph) fileFields(v soc.Payload, prefix string, refs *[]string) []soc.Field {
	name, directory := v.Member("Name"), v.Member("Directory")
	fields := []soc.Field{
		soc.Parsed(prefix+"file_name", name),
		soc.Parsed(prefix+"directory", directory),
	}
	if name != "" && directory != "" {
		fields = append(fields, soc.Parsed(prefix+"path", joinPath(directory, name)))
	}
	for _, h := range v.Get("FileHashes").Items() {
		h = g.resolve(h)
		*refs = append(*refs, g.add(h, 1))
		fields = append(fields, g.sensor(prefix+strings.ToLower(h.Member("Algorithm")), h.Member("Value")))
	}
	return fields
}
