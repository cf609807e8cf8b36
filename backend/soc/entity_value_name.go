package soc

import (
	"slices"
	"strings"
)

// Names of entity properties, shared by mappers, connectors and doors.
const (
	PropertyUPN          = "upn"
	PropertyMail         = "mail"
	PropertySID          = "sid"
	PropertyObjectID     = "object_id"
	PropertyDomain       = "domain"
	PropertyName         = "name"
	PropertyFQDN         = "fqdn"
	PropertyDeviceID     = "device_id"     // the endpoint product's id
	PropertyDirectoryID  = "directory_id"  // the directory's device id
	PropertyAgentID      = "agent_id"      // Wazuh agent
	PropertyPath         = "path"          // of a file
	PropertyMD5          = "md5"           //
	PropertySHA1         = "sha1"          //
	PropertySHA256       = "sha256"        //
	PropertyAlgorithm    = "algorithm"     // of a file hash
	PropertyProcessID    = "process_id"    //
	PropertyCommandLine  = "command_line"  //
	PropertyCreated      = "created"       // RFC 3339
	PropertyHost         = "host"          // canonical host of a process or file
	PropertyParent       = "parent"        // image of the parent process
	PropertySender       = "sender"        //
	PropertySubject      = "subject"       //
	PropertyMessageID    = "message_id"    // Message-ID header
	PropertyResourceType = "resource_type" //
	PropertyOS           = "os"            //
)

// CanonicalSID returns a Windows security identifier in upper case. The shape
// is S-R-I-S...; revision and authority are not restricted to those in use,
// because anonymised data changes them.
func CanonicalSID(s string) (string, bool) {
	if len(s) < 5 || len(s) > 184 || (s[0] != 's' && s[0] != 'S') || s[1] != '-' {
		return "", false
	}
	parts := strings.Split(s[2:], "-")
	if len(parts) < 2 {
		return "", false
	}
	for _, p := range parts {
		if p == "" || strings.Trim(p, "0123456789") != "" {
			return "", false
		}
	}
	return "S" + s[1:], true
}

// CanonicalGUID returns a GUID in lower case without braces.
func CanonicalGUID(s string) (string, bool) {
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) != 36 {
		return "", false
	}
	for i := range len(s) {
		c := s[i] | 0x20
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if s[i] != '-' {
				return "", false
			}
		case '0' <= s[i] && s[i] <= '9', 'a' <= c && c <= 'f':
		default:
			return "", false
		}
	}
	return strings.ToLower(s), true
}

// UniqueNames returns the identifiers by which an entity is the same one
// wherever it is seen in a workspace: UPN, mail, SID, object id and
// DOMAIN\name of an account; FQDN and device ids of a host; every hash of a
// file. Two entities of one kind that share one of them are one entity. Short
// names are left out, since two domains may use the same one, and so are
// well-known SIDs (SYSTEM is a different account on every host).
func UniqueNames(kind EntityKind, value string, properties map[string]string) []string {
	var names []string
	add := func(label, v string) {
		if v != "" && !slices.Contains(names, label+":"+v) {
			names = append(names, label+":"+v)
		}
	}
	fold := func(property string) string { return foldText(trim(properties[property])) }
	add("value", uniqueValue(kind, value))
	switch kind {
	case KindAccount:
		add("mail", fold(PropertyUPN))
		add("mail", fold(PropertyMail))
		add("object", fold(PropertyObjectID))
		if sid, ok := CanonicalSID(properties[PropertySID]); ok && domainSID(sid) {
			add("sid", sid)
		}
	case KindHost:
		add("fqdn", fold(PropertyFQDN))
		add("device", fold(PropertyDeviceID))
		add("object", fold(PropertyDirectoryID))
		add("agent", fold(PropertyAgentID))
	case KindFile:
		for _, p := range []string{PropertySHA256, PropertySHA1, PropertyMD5} {
			add("hash", fold(p))
		}
	case KindMailbox:
		add("object", fold(PropertyObjectID))
	}
	return names
}

// uniqueValue is value unless value alone does not tell two entities apart.
func uniqueValue(kind EntityKind, value string) string {
	if sid, ok := CanonicalSID(value); kind == KindAccount && ok && !domainSID(sid) {
		return ""
	}
	return value
}

// domainSID reports whether a SID belongs to one directory or one machine:
// those carry a long identifier, the well-known ones (S-1-5-18, S-1-5-32-544)
// do not.
func domainSID(sid string) bool { return strings.Count(sid, "-") >= 6 }

// AccountValue chooses the canonical value of an account from its parts, most
// telling first: UPN, mail, DOMAIN\name, directory SID, object id, name,
// well-known SID.
func AccountValue(properties map[string]string) string {
	candidates := []string{properties[PropertyUPN], properties[PropertyMail]}
	if d, n := properties[PropertyDomain], properties[PropertyName]; d != "" && n != "" {
		candidates = append(candidates, d+`\`+n)
	}
	sid, _ := CanonicalSID(properties[PropertySID])
	if domainSID(sid) {
		candidates = append(candidates, sid)
	}
	candidates = append(candidates, properties[PropertyObjectID], properties[PropertyName], sid)
	return firstCanonical(KindAccount, candidates)
}

// HostValue chooses the canonical value of a host: FQDN, else name.domain,
// else the name.
func HostValue(properties map[string]string) string {
	candidates := []string{properties[PropertyFQDN]}
	name, domain := properties[PropertyName], properties[PropertyDomain]
	if name != "" && domain != "" && !strings.Contains(name, ".") {
		candidates = append(candidates, name+"."+domain)
	}
	candidates = append(candidates, name, properties[PropertyDeviceID], properties[PropertyDirectoryID])
	return firstCanonical(KindHost, candidates)
}

// FileValue chooses the canonical value of a file: its strongest hash, else
// its path, else its name.
func FileValue(properties map[string]string) string {
	return firstCanonical(KindFile, []string{
		properties[PropertySHA256], properties[PropertySHA1], properties[PropertyMD5],
		properties[PropertyPath], properties[PropertyName],
	})
}

// ProcessValue names one process: host, process id and creation time where
// the payload has them, since a process id alone is used again and again;
// else the command line or the image.
func ProcessValue(properties map[string]string) string {
	pid := trim(properties[PropertyProcessID])
	if pid == "" {
		return firstCanonical(KindProcess, []string{
			properties[PropertyCommandLine], properties[PropertyPath], properties[PropertyName],
		})
	}
	parts := []string{}
	if h := properties[PropertyHost]; h != "" {
		parts = append(parts, h)
	}
	parts = append(parts, "pid "+pid)
	if c := properties[PropertyCreated]; c != "" {
		parts = append(parts, c)
	} else if image := properties[PropertyPath]; image != "" {
		parts = append(parts, image)
	}
	value, _ := CanonicalValue(KindProcess, strings.Join(parts, " "))
	return value
}

func firstCanonical(kind EntityKind, candidates []string) string {
	for _, c := range candidates {
		if v, ok := CanonicalValue(kind, c); ok {
			return v
		}
	}
	return ""
}

// canonicalFile: a hash is the best identity a file has. Windows paths have no
// case; whether a bare name has one is unknown, and folding it only ever joins
// two sightings.
func canonicalFile(s string) (string, bool) {
	if h, ok := canonicalHash(s); ok {
		return h, true
	}
	s = trim(strings.Trim(trim(s), `"`))
	s = strings.TrimPrefix(s, `\\?\`)
	switch {
	case s == "":
		return "", false
	case len(s) > 1 && s[1] == ':', strings.Contains(s, `\`):
		s = foldText(strings.ReplaceAll(s, "/", `\`))
	case !strings.Contains(s, "/"):
		s = foldText(s)
	}
	if t := trim(strings.Trim(s, `"`)); t != s {
		return canonicalFile(t)
	}
	return s, s != ""
}

var hives = map[string]string{
	"hklm": "hkey_local_machine", "hkcu": "hkey_current_user", "hku": "hkey_users",
	"hkcr": "hkey_classes_root", "hkcc": "hkey_current_config",
}

func canonicalRegistry(s string) (string, bool) {
	s = foldText(strings.ReplaceAll(trim(s), "/", `\`))
	s = trim(strings.Trim(strings.ReplaceAll(s, "/", `\`), `\`))
	hive, rest, _ := strings.Cut(s, `\`)
	if full, ok := hives[strings.TrimSuffix(hive, ":")]; ok {
		hive = full
	}
	s = trim(strings.Trim(hive+`\`+rest, `\ `))
	return s, s != ""
}

// ShortName is the first label of a host name, or the part of an account name
// that people use; empty if value has no shorter form.
func ShortName(kind EntityKind, value string) string {
	switch kind {
	case KindHost:
		if _, ip := canonicalIP(value); ip {
			return ""
		}
		if short, _, found := strings.Cut(value, "."); found {
			return short
		}
	case KindAccount, KindMailbox:
		if i := strings.LastIndexByte(value, '\\'); i >= 0 {
			return value[i+1:]
		}
		if short, _, found := strings.Cut(value, "@"); found {
			return short
		}
	}
	return ""
}
