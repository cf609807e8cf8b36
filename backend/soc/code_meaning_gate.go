package soc

func entryMeanings() []CodeMeaning {
	const group = "entry check"
	return []CodeMeaning{
		{
			CodeIncidentMismatch, group, Refused, "The incident number in the request is not that of the incident.",
			"Read the incident again and send its number, or leave the number out.",
		},
		{
			CodeUnknownPlaybook, group, Refused, "The playbook id is not in the catalogue.",
			"Call list_playbooks and use an id exactly as listed.",
		},
		{
			CodePlaybookDisabled, group, Refused, "The playbook is switched off in this workspace.",
			"Choose another playbook from list_playbooks, or report what is needed in the investigation.",
		},
		{
			CodeEntityIDMissing, group, Refused, "An entry names no entity.",
			"Give the id of an entity of this incident with every entry.",
		},
		{
			CodeEntityNotInIncident, group, Refused, "The entity id is not an entity of this incident.",
			"Read the incident's entities and send an id exactly as listed; names and ids of other systems are not looked up.",
		},
		{
			CodeEntityAgentAdded, group, Refused, "The entity was added by an agent and is never a target.",
			"Choose an entity that a product reported; a person can vouch for this one.",
		},
		{
			CodeEntityNameMismatch, group, Refused, "The name in the request is not a name of the entity.",
			"Check that the id is the one you mean, then send one of its names or none.",
		},
		{
			CodeEntityKindMismatch, group, Refused, "The playbook does not act on this kind of entity.",
			"Call list_playbooks with the incident to see which entities each playbook can act on.",
		},
		{
			CodeEntityPropertyMissing, group, Refused, "The entity lacks a property the connector needs.",
			"Choose an entity that has the named property, or another playbook.",
		},
		{
			CodeDuplicateStep, group, Refused, "The same playbook stands on the same entity twice.",
			"Send each pair of playbook and entity once.",
		},
		{
			CodeUpstreamError, group, Refused, "No connected product can carry this out, or one could not answer.",
			"Do not repeat at once; choose another playbook or ask an operator to look at the connector.",
		},
	}
}

func denyMeanings() []CodeMeaning {
	const group = "gate, deny"
	return []CodeMeaning{
		{
			CodeKillSwitchEngaged, group, Refused, "A kill switch is engaged.",
			"Stop and wait; people release it.",
		},
		{
			CodeIncidentClosed, group, Refused, "The incident is closed.",
			"Nothing more to do here; a person reopens an incident.",
		},
		{
			CodeAgentDisabled, group, Refused, "Agents are switched off for incidents of this severity.",
			"Leave this incident to people and go on with another.",
		},
		{
			CodePolicyForbids, group, Refused, "The policy of the workspace forbids this.",
			"Do not try other spellings; choose another response or report what is needed in the investigation.",
		},
		{
			CodeCapabilityOff, group, Refused, "Response by agents is off for incidents of this severity.",
			"If it was queued, wait for a person; if refused, describe the response in the investigation.",
		},
	}
}

func queueMeanings() []CodeMeaning {
	const group = "gate, queue"
	return []CodeMeaning{
		{
			CodeInvestigateOnly, group, "", "The run may only look, so a person decides.",
			"Wait for a person; poll get_status.",
		},
		{
			CodeTriggerDowngraded, group, "", "The claimed trigger is above what the run carries.",
			"Send the trigger of your run, or none; a claim gives no authority.",
		},
		{
			CodeTargetProvenance, group, "", "A target was read out of text that anybody could have written.",
			"Wait for a person, or choose a target that a product's own inventory reported.",
		},
		{
			CodeRunTainted, group, "", "The run has read text that an attacker may have written.",
			"Wait for a person; poll get_status.",
		},
		{
			CodeIrreversible, group, "", "A step cannot be undone, so two people decide.",
			"Wait for two people, or choose a playbook that can be undone.",
		},
		{
			CodeProtectedTarget, group, "", "A target is protected, so two people decide.",
			"Wait for two people.",
		},
		{
			CodeLimitReached, group, "", "A limit on the number of actions is reached.",
			"Wait for a person, or submit fewer targets.",
		},
		{
			CodePolicyRequiresApproval, group, "", "The policy asks for a person.",
			"Wait for a person; poll get_status.",
		},
	}
}

func receiptMeanings() []CodeMeaning {
	const group = "gate, success"
	return []CodeMeaning{
		{
			CodeQueued, group, "", "Stored; it runs without approval.",
			"Poll get_status for the result of each step.",
		},
		{
			CodeQueuedForApproval, group, "", "Stored; people must approve it.",
			"Poll get_status now and then; nothing you send approves it and repeating does not speed it up.",
		},
		{
			CodeDuplicateGamebook, group, "", "An equal gamebook on this incident is not finished; its id is returned.",
			"Poll get_status with the id returned.",
		},
	}
}

func authorityMeanings() []CodeMeaning {
	const group = "authority"
	return []CodeMeaning{
		{
			CodeHumanSessionRequired, group, Denied, "Only a person who is signed in, recently where so demanded, may do this.",
			"A person signs in at the console and decides there.",
		},
		{
			CodeRequesterCannotApprove, group, Denied, "Whoever asked, or steered the run, cannot approve.",
			"Another person with the role decides.",
		},
		{
			CodeInsufficientApprovalLevel, group, Denied, "The role is below what this approval needs.",
			"A person with one of the roles named decides.",
		},
		{
			CodeInsufficientScope, group, Denied, "The credential lacks a scope.",
			"Use a credential with the scope named.",
		},
		{
			CodeInsufficientWorkspaceRole, group, Denied, "There is no sufficient role in this workspace.",
			"Ask an administrator for the role named, or use another workspace.",
		},
		{
			CodeForbidden, group, Denied, "This kind of credential may never do this.",
			"Do not repeat; a person does this.",
		},
		{
			CodeAgentSuspended, group, Denied, "The credential has ended, or the agent is suspended after too many refusals.",
			"Stop; a person lifts the suspension.",
		},
		{
			CodeRunScope, group, Denied, "The run may read its own incident only.",
			"Stay with the incident of the run.",
		},
		{
			CodeOriginRejected, group, Denied, "The request comes from an origin that is not allowed.",
			"Call from an allowed origin, or without a browser.",
		},
	}
}

func approvalMeanings() []CodeMeaning {
	const group = "approval"
	return []CodeMeaning{
		{
			CodeDigestMismatch, group, Conflict, "The digest is not that of the action as stored now.",
			"Get the approval again, read what changed, and decide on the new digest.",
		},
		{
			CodeApprovalExpired, group, Conflict, "The time to decide is over.",
			"Submit it again if it is still wanted.",
		},
		{
			CodeInvalidState, group, Conflict, "The object is no longer in a state that allows this.",
			"Read it again; its present state is in the answer.",
		},
		{
			CodeConflict, group, Conflict, "It contradicts something already stored, such as a decision by the same person.",
			"Read the present state before sending anything else.",
		},
	}
}

func executionMeanings() []CodeMeaning {
	const group = "execution state"
	return []CodeMeaning{
		{
			CodeExecutionWindowExpired, group, "", "It was approved and did not start within its window; nothing ran.",
			"Submit it again if it is still wanted.",
		},
		{
			CodeWorldChanged, group, "", "What the approvers saw has changed; people decide anew.",
			"Wait for a person; poll get_status.",
		},
		{
			CodeTargetLocked, group, "", "Another gamebook is acting on the target.",
			"Wait; it starts by itself.",
		},
		{
			CodeOutcomeUnknown, group, "", "It is not known whether the step took effect.",
			"Do not repeat; the effect is read back, and a person looks at it.",
		},
		{
			CodeVerifyFailed, group, "", "The product accepted the step and the effect was not seen.",
			"Treat it as not done; a person looks at it.",
		},
		{
			CodeHalted, group, "", "It was stopped; the remaining steps did not run.",
			"It never resumes by itself; a person decides what follows.",
		},
		{
			CodeRollbackNotSupported, group, Invalid, "The catalogue knows no way to undo this.",
			"A person undoes it in the product.",
		},
	}
}
