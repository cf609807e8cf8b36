package main

import (
	"vedette/backend"
	"vedette/backend/connector/generic"
	"vedette/backend/connector/sentinel"
	"vedette/backend/connector/suricata"
	"vedette/backend/connector/wazuh"
)

// mappers are the ingest formats by name.
func mappers() map[string]backend.Mapper {
	return map[string]backend.Mapper{
		"sentinel": {Split: sentinel.Split, Map: sentinel.Map},
		"wazuh":    {Split: wazuh.Split, Map: wazuh.Map},
		"suricata": {Split: suricata.Split, Map: suricata.Map},
		"generic":  {Split: generic.Split, Map: generic.Map},
	}
}
