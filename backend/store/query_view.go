package store

// evidenceViews are evidence by type, under the names and columns that analysts
// of Microsoft Sentinel and Defender know. A column takes the first field that
// has a value, since sources name one thing differently; every field is in
// Fields as well.
func evidenceViews() []*queryTable {
	device := evidenceField{"DeviceName", []string{"host", "host_name", "system.computer", "agent.name"}}
	account := evidenceField{"AccountName", []string{"account", "user", "target_user_name", "subject_user_name", "dstuser", "srcuser"}}
	sha256 := evidenceField{"SHA256", []string{"image.sha256", "sha256", "sha256_after", "file.sha256"}}
	sha1 := evidenceField{"SHA1", []string{"image.sha1", "sha1", "sha1_after", "file.sha1"}}
	md5 := evidenceField{"MD5", []string{"image.md5", "md5", "md5_after", "file.md5"}}
	return []*queryTable{
		evidenceTable("DeviceProcessEvents", "Processes.", []string{"process"}, []evidenceField{
			device, account,
			{"FileName", []string{"image.file_name", "file_name"}},
			{"FolderPath", []string{"image.path", "image", "new_process_name", "audit.exe"}},
			{"ProcessCommandLine", []string{"command_line", "command", "audit.command"}},
			{"DecodedCommand", []string{"decoded_command", "decoded_command_line"}},
			{"ProcessId", []string{"process_id", "new_process_id", "pid"}},
			{"ProcessCreationTime", []string{"creation_time", "utc_time"}},
			sha256, sha1, md5,
			{"InitiatingProcessFileName", []string{"parent.image.file_name", "parent_image", "parent_process_name"}},
			{"InitiatingProcessCommandLine", []string{"parent.command_line", "parent_command_line"}},
			{"InitiatingProcessId", []string{"parent.process_id", "parent_process_id"}},
		}),
		evidenceTable("DeviceNetworkEvents", "Addresses and connections.", []string{"network"}, []evidenceField{
			device,
			{"LocalIP", []string{"src_ip", "source_ip", "srcip", "flow.src_ip"}},
			{"LocalPort", []string{"src_port", "source_port", "srcport", "flow.src_port"}},
			{"RemoteIP", []string{"dest_ip", "destination_ip", "dstip", "address", "flow.dest_ip"}},
			{"RemotePort", []string{"dest_port", "destination_port", "dstport", "ports", "flow.dest_port"}},
			{"Protocol", []string{"proto", "protocol"}},
			{"AppProtocol", []string{"app_proto"}},
			{"InitiatingProcessFolderPath", []string{"image"}},
			{"CountryCode", []string{"location.country_code"}},
		}),
		evidenceTable("DeviceFileEvents", "Files.", []string{"file"}, []evidenceField{
			device, account, {"FileName", []string{"file_name", "file.filename"}}, {"FolderPath", []string{"path", "target_filename", "directory"}}, {"ActionType", []string{"operation", "event"}}, sha256, sha1, md5,
		}),
		evidenceTable("DeviceRegistryEvents", "Registry keys and values.", []string{"registry"}, []evidenceField{
			device, {"RegistryHive", []string{"hive", "key.hive"}}, {"RegistryKey", []string{"key", "key.key", "target_object", "path"}}, {"RegistryValueName", []string{"name", "value_name"}}, {"RegistryValueData", []string{"value", "details"}},
		}),
		evidenceTable("SigninLogs", "Sign-ins.", []string{"logon"}, signinFields()),
		evidenceTable("EmailEvents", "Mail and mailboxes.", []string{"mail"}, []evidenceField{
			{"SenderFromAddress", []string{"p2_sender", "sender", "email.from"}},
			{"SenderMailFromAddress", []string{"p1_sender"}},
			{"SenderIPv4", []string{"sender_ip"}},
			{"RecipientEmailAddress", []string{"recipient", "mailbox_primary_address", "upn", "email.to"}},
			{"Subject", []string{"subject", "email.subject"}},
			{"InternetMessageId", []string{"internet_message_id"}},
			{"NetworkMessageId", []string{"network_message_id"}},
			{"DeliveryAction", []string{"delivery_action"}},
			{"ThreatTypes", []string{"threats"}},
		}),
		evidenceTable("DnsEvents", "Names that were looked up.", []string{"dns"}, []evidenceField{
			device, {"Name", []string{"domain", "query_name", "dns.rrname", "dns.query[0].rrname"}}, {"IPAddresses", []string{"answer", "query_results", "dns.rdata"}}, {"ClientIP", []string{"src_ip", "source_ip"}},
		}),
		evidenceTable("IdentityInfo", "Accounts as alerts described them.", []string{"account"}, []evidenceField{
			{"AccountUPN", []string{"user_principal_name", "account"}},
			{"AccountName", []string{"name", "account_name", "target_user_name"}},
			{"AccountDisplayName", []string{"display_name"}},
			{"AccountObjectId", []string{"aad_user_id"}},
			{"AccountSID", []string{"sid", "target_sid", "target_user_sid"}},
			{"AccountDomain", []string{"domain_name", "ntdomain", "dns_domain", "target_domain_name"}},
		}),
		evidenceTable("DeviceInfo", "Devices as alerts described them.", []string{"host"}, []evidenceField{
			{"DeviceName", []string{"fqdn", "host_name", "net_bios_name"}},
			{"DeviceId", []string{"mdatp_device_id"}},
			{"AadDeviceId", []string{"aad_device_id"}},
			{"OSPlatform", []string{"osfamily"}},
			{"OSVersion", []string{"osversion"}},
			{"PublicIP", []string{"last_external_ip_address", "last_external_ip_address.address"}},
			{"LastIP", []string{"last_ip_address", "last_ip_address.address"}},
			{"HealthStatus", []string{"health_status"}},
			{"RiskScore", []string{"risk_score"}},
		}),
	}
}

func signinFields() []evidenceField {
	return []evidenceField{
		{"UserPrincipalName", []string{"user_principal_name", "account", "target_user_name", "dstuser", "srcuser"}},
		{"UserId", []string{"account.aad_user_id", "aad_user_id", "target_user_sid"}},
		{"IPAddress", []string{"source_ip", "ip_address", "srcip", "src_ip"}},
		{"ResultType", []string{"result", "status"}},
		{"ResultDescription", []string{"reason", "failure_reason"}},
		{"AppDisplayName", []string{"application", "process_name"}},
		{"AuthenticationProtocol", []string{"authentication", "authentication_package_name"}},
		{"LogonType", []string{"logon_type"}},
		{"DeviceName", []string{"host", "system.computer", "workstation_name"}},
		{"UserAgent", []string{"user_agent"}},
		{"CorrelationId", []string{"request_id", "session_id"}},
	}
}
