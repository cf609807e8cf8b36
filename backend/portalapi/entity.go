package portalapi

import (
	"vedette/backend/soc"
)

// entity has id, names and kind for every kind; the members of other kinds are
// null. Only id names a target.
type entity struct {
	ID           string   `json:"id"`
	Type         string   `json:"type"`
	Kind         string   `json:"kind"`
	DisplayName  string   `json:"displayName"`
	FriendlyName string   `json:"friendlyName"`
	UserUPN      *string  `json:"userUpn"`
	AADUserID    *string  `json:"aadUserId"`
	HostName     *string  `json:"hostName"`
	DeviceID     *string  `json:"deviceId"`
	FileName     *string  `json:"fileName"`
	FileHash     *string  `json:"fileHash"`
	CommandLine  *string  `json:"commandLine"`
	IPAddress    *string  `json:"ipAddress"`
	URL          *string  `json:"url"`
	Provenance   string   `json:"provenance"`
	Flags        []string `json:"flags"`
}

func drawEntities(entities []soc.Entity) []entity {
	out := make([]entity, len(entities))
	for n, e := range entities {
		out[n] = drawEntity(e)
	}
	return out
}

func drawEntity(e soc.Entity) entity {
	name := firstText(e.Display, e.Value)
	kind := soc.PortalEntityKind.Word(e.Kind)
	out := entity{
		ID: e.ID, Type: kind, Kind: kind, DisplayName: name, FriendlyName: name,
		Provenance: soc.PortalProvenance.Word(e.Provenance), Flags: flagWords(e.Flags),
	}
	property := func(names ...string) *string {
		for _, name := range names {
			if value := e.Properties[name]; value != "" {
				return &value
			}
		}
		return nil
	}
	hashes := []string{soc.PropertySHA256, soc.PropertySHA1, soc.PropertyMD5}
	switch e.Kind {
	case soc.KindAccount, soc.KindMailbox:
		out.UserUPN, out.AADUserID = property(soc.PropertyUPN, soc.PropertyMail), property(soc.PropertyObjectID)
	case soc.KindHost:
		out.HostName, out.DeviceID = orText(property(soc.PropertyFQDN, soc.PropertyName), name), property(soc.PropertyDeviceID)
	case soc.KindFile:
		out.FileName, out.FileHash = orText(property(soc.PropertyName), name), property(hashes...)
	case soc.KindFileHash:
		out.FileHash = &e.Value
	case soc.KindProcess:
		out.FileName, out.FileHash = orText(property(soc.PropertyName), name), property(hashes...)
		out.CommandLine = property(soc.PropertyCommandLine)
	case soc.KindIP:
		out.IPAddress = &e.Value
	case soc.KindURL:
		out.URL = &e.Value
	}
	return out
}

// firstText is the first that is not empty.
func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func orText(value *string, other string) *string {
	if value == nil {
		return &other
	}
	return value
}
