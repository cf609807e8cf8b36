package soc

func verdictMeanings() []CodeMeaning {
	const group = "verdict"
	return []CodeMeaning{
		{
			CodeRecorded, group, "", "The investigation is recorded.",
			"Nothing more to do.",
		},
		{
			CodeHeld, group, "", "The investigation is recorded and waits for a person; the status is unchanged.",
			"Nothing more to do; hold_reasons say why.",
		},
		{
			CodeAlreadyClosed, group, "", "The investigation is recorded; the incident was closed before and stays as it is.",
			"Nothing more to do.",
		},
		{
			CodeNothingSubmitted, group, Refused, "Neither a comment nor a classification was sent.",
			"Send a comment, a classification or both.",
		},
		{
			CodeScoreOutOfRange, group, Refused, "malicious_score is outside 0 to 100.",
			"Send an integer from 0 (benign) to 100 (malicious), or none.",
		},
		{
			CodeClassificationNotSupported, group, Refused, "The classification does not exist for incidents of this source.",
			"Use TruePositive, FalsePositive, BenignPositive or Undetermined.",
		},
		{
			CodeUnknownSOP, group, Refused, "An SOP id is not one of this workspace.",
			"Call get_sops and send its ids, or send only a name.",
		},
		{
			CodeUnknownGamebook, group, Refused, "A gamebook id was not submitted by you on this incident.",
			"Send only ids that submit_gamebook returned for this incident.",
		},
	}
}

func holdMeanings() []CodeMeaning {
	const group = "hold reason"
	return []CodeMeaning{
		{
			CodeAutoCloseOff, group, "", "Closing takes a person at this severity.",
			"A person accepts or rejects the verdict.",
		},
		{
			CodeRunFlagged, group, "", "The run has read text aimed at the agent.",
			"A person accepts or rejects the verdict.",
		},
		{
			CodeEvidenceCoverageLow, group, "", "Too few of the citations are known evidence that was served to this run.",
			"Read the evidence with get_evidence and cite it as [E12] behind every finding.",
		},
		{
			CodeScoreMissing, group, "", "No malicious_score was given.",
			"Send malicious_score with the verdict.",
		},
		{
			CodeScoreContradicts, group, "", "The score is too high for this verdict.",
			"Check whether verdict and score say the same; a person decides.",
		},
		{
			CodeDetectorContradicts, group, "", "A detector or a protected asset speaks against this verdict.",
			"Look at the contrary evidence; a person decides.",
		},
		{
			CodeGamebookOpen, group, "", "A gamebook of the incident is not finished.",
			"Wait until it has ended; poll get_status.",
		},
		{
			CodeHumanVerdictStands, group, "", "A person has decided, and an agent never overwrites a person.",
			"Nothing more to do.",
		},
		{
			CodeFloorDisagrees, group, "", "The deterministic triager comes to another result.",
			"A person decides between the two.",
		},
		{
			CodeHistoryThin, group, "", "There are too few human verdicts on alerts like this.",
			"A person decides; that becomes history.",
		},
		{
			CodeUncalibratedModel, group, "", "The model has not been measured on this workspace's verdicts.",
			"A person decides.",
		},
		{
			CodeModelFailed, group, "", "The model did not finish; the result is the deterministic triager's.",
			"A person decides.",
		},
	}
}

func loopMeanings() []CodeMeaning {
	const group = "built-in loop"
	return []CodeMeaning{
		{
			CodeBudgetExhausted, group, "", "The run has used up its budget; what was found is kept.",
			"A person looks at the partial result, or starts another run.",
		},
		{
			CodeModelRefused, group, "", "The model refused to answer.",
			"The deterministic triager's result stands until a person decides.",
		},
		{
			CodeModelUnavailable, group, Unavailable, "The model cannot be reached.",
			"The deterministic triager answers; ask an operator to look at the model endpoint.",
		},
		{
			CodeReplayMiss, group, Internal, "A replay met a call that its recording does not hold.",
			"Record the run again.",
		},
		{
			CodeTranscriptTampered, group, Internal, "A stored stage of the run was altered.",
			"The run is not resumed; a person looks at the audit record.",
		},
	}
}

func transportMeanings() []CodeMeaning {
	const group = "writes, transport"
	return []CodeMeaning{
		{
			CodeRefused, group, Refused, "The policy said no; the detail holds the code.",
			"Read the code in the detail and follow its next step.",
		},
		{
			CodeIdempotencyKeyReused, group, KeyReused, "The idempotency key was used with another request.",
			"Use a new key for a new request.",
		},
		{
			CodeIdempotencyInProgress, group, Conflict, "The first request with this key is still running.",
			"Wait a second and repeat the same request.",
		},
		{
			CodePreconditionFailed, group, Precondition, "The object has changed since it was read.",
			"Read it again and decide on its present version.",
		},
		{
			CodeLocked, group, Locked, "An administrator has set this read-only.",
			"Read on; writes wait until an administrator lifts the lock.",
		},
		{
			CodeServiceUnavailable, group, Unavailable, "The server cannot do this now; nothing was written.",
			"Wait as long as Retry-After says and repeat the same request.",
		},
		{
			CodeValidationError, group, Invalid, "A member or parameter is not valid.",
			"Correct the members named and send it again.",
		},
		{
			CodeBadRequest, group, Invalid, "The request cannot be parsed or its headers contradict each other.",
			"Send one strict JSON document and each header once.",
		},
		{
			CodeUnauthorized, group, Unauthenticated, "There are no valid credentials.",
			"Send a valid key or sign in.",
		},
		{
			CodeCredentialExpired, group, Unauthenticated, "The credential has expired.",
			"Ask for a new credential.",
		},
		{
			CodeNotFound, group, NotFound, "There is no such object that you may see.",
			"Check the id; use one exactly as listed.",
		},
		{
			CodePayloadTooLarge, group, Invalid, "The body is too large.",
			"Send less, or in several requests.",
		},
		{
			CodeUnsupportedMediaType, group, Invalid, "The media type is not accepted.",
			"Send application/json in UTF-8 without content encoding.",
		},
		{
			CodeRateLimited, group, Limited, "Too many requests.",
			"Wait as long as Retry-After says.",
		},
		{
			CodeMethodNotAllowed, group, Invalid, "The method does not exist on this path.",
			"Use a method named in Allow.",
		},
		{
			CodeInternalError, group, Internal, "The server could not complete the request.",
			"Report the request id to an operator.",
		},
		{
			CodeKQLError, group, Refused, "The query names an unknown table or column, or is not a query.",
			"Call list_kql_tables and get_kql_table_columns, then correct the query.",
		},
	}
}

func familyMeanings() []CodeMeaning {
	const group = "family word"
	return []CodeMeaning{
		{
			CodeMalformedBody, group, Invalid, "The body is not strict JSON (BAD_REQUEST).",
			"Send one strict JSON document.",
		},
		{
			CodeInvalidCursor, group, Invalid, "The cursor is invalid.",
			"Start again without it.",
		},
		{
			CodePageTooDeep, group, Invalid, "The page lies too deep for page numbers.",
			"Go on with the cursor.",
		},
		{
			CodeInsufficientRole, group, Denied, "The role is too low (INSUFFICIENT_WORKSPACE_ROLE).",
			"Ask an administrator for the role named.",
		},
		{
			CodeKeyExpired, group, Unauthenticated, "The key has expired (CREDENTIAL_EXPIRED).",
			"Ask for a new key.",
		},
		{
			CodeUnavailable, group, Unavailable, "The server cannot do this now; nothing was written (SERVICE_UNAVAILABLE).",
			"Wait as long as Retry-After says and repeat the same request.",
		},
		{
			CodeIncidentResolved, group, Conflict, "The incident is resolved (INCIDENT_CLOSED).",
			"Nothing more to do here; a person reopens an incident.",
		},
		{
			CodeHeldForReview, group, Conflict, "A verdict waits for a person's decision.",
			"A person decides it in the console.",
		},
		{
			CodeOpenActions, group, Conflict, "Actions of the incident are waiting or running.",
			"Wait until they have ended.",
		},
		{
			CodePartOfGamebook, group, Conflict, "The action is a step of a longer gamebook.",
			"Decide the gamebook named as a whole.",
		},
		{
			CodeCaseFull, group, Conflict, "The case holds as much as a case may.",
			"Remove what is not needed first.",
		},
	}
}
