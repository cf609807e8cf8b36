package soc

// Code is a stable word for a refusal, a queue reason, a hold reason or an
// execution state. Codes never change meaning; the golden list is
// schemas/refusal_codes.json (S67).
type Code string

// Codes: entry checks (safety.md section 3, in this order).
const (
	CodeIncidentMismatch      Code = "INCIDENT_MISMATCH"
	CodeUnknownPlaybook       Code = "UNKNOWN_PLAYBOOK"
	CodePlaybookDisabled      Code = "PLAYBOOK_DISABLED"
	CodeEntityIDMissing       Code = "ENTITY_ID_MISSING"
	CodeEntityNotInIncident   Code = "ENTITY_NOT_IN_INCIDENT"
	CodeEntityAgentAdded      Code = "ENTITY_AGENT_ADDED"
	CodeEntityNameMismatch    Code = "ENTITY_NAME_MISMATCH"
	CodeEntityKindMismatch    Code = "ENTITY_KIND_MISMATCH"
	CodeEntityPropertyMissing Code = "ENTITY_PROPERTY_MISSING"
	CodeDuplicateStep         Code = "DUPLICATE_STEP"
	CodeUpstreamError         Code = "UPSTREAM_ERROR"
)

// Codes: gate, deny.
const (
	CodeKillSwitchEngaged Code = "KILL_SWITCH_ENGAGED"
	CodeIncidentClosed    Code = "INCIDENT_CLOSED"
	CodeAgentDisabled     Code = "AGENT_DISABLED"
	CodePolicyForbids     Code = "POLICY_FORBIDS"
	CodeCapabilityOff     Code = "CAPABILITY_OFF"
)

// Codes: gate, queue.
const (
	CodeInvestigateOnly        Code = "INVESTIGATE_ONLY"
	CodeTriggerDowngraded      Code = "TRIGGER_DOWNGRADED"
	CodeTargetProvenance       Code = "TARGET_PROVENANCE"
	CodeRunTainted             Code = "RUN_TAINTED"
	CodeIrreversible           Code = "IRREVERSIBLE"
	CodeProtectedTarget        Code = "PROTECTED_TARGET"
	CodeLimitReached           Code = "LIMIT_REACHED"
	CodePolicyRequiresApproval Code = "POLICY_REQUIRES_APPROVAL"
)

// Codes: gate, success.
const (
	CodeQueued            Code = "QUEUED"
	CodeQueuedForApproval Code = "QUEUED_FOR_APPROVAL"
	CodeDuplicateGamebook Code = "DUPLICATE_GAMEBOOK"
)

// Codes: authority.
const (
	CodeHumanSessionRequired      Code = "HUMAN_SESSION_REQUIRED"
	CodeRequesterCannotApprove    Code = "REQUESTER_CANNOT_APPROVE"
	CodeInsufficientApprovalLevel Code = "INSUFFICIENT_APPROVAL_LEVEL"
	CodeInsufficientScope         Code = "INSUFFICIENT_SCOPE"
	CodeInsufficientWorkspaceRole Code = "INSUFFICIENT_WORKSPACE_ROLE"
	CodeForbidden                 Code = "FORBIDDEN"
	CodeAgentSuspended            Code = "AGENT_SUSPENDED"
	CodeRunScope                  Code = "RUN_SCOPE"
	CodeOriginRejected            Code = "ORIGIN_REJECTED"
)

// Codes: approval.
const (
	CodeDigestMismatch  Code = "DIGEST_MISMATCH"
	CodeApprovalExpired Code = "APPROVAL_EXPIRED"
	CodeInvalidState    Code = "INVALID_STATE"
	CodeConflict        Code = "CONFLICT"
)

// Codes: execution states.
const (
	CodeExecutionWindowExpired Code = "EXECUTION_WINDOW_EXPIRED"
	CodeWorldChanged           Code = "WORLD_CHANGED"
	CodeTargetLocked           Code = "TARGET_LOCKED"
	CodeOutcomeUnknown         Code = "OUTCOME_UNKNOWN"
	CodeVerifyFailed           Code = "VERIFY_FAILED"
	CodeHalted                 Code = "HALTED"
	CodeRollbackNotSupported   Code = "ROLLBACK_NOT_SUPPORTED"
)

// Codes: verdict.
const (
	CodeRecorded                   Code = "RECORDED"
	CodeHeld                       Code = "HELD"
	CodeAlreadyClosed              Code = "ALREADY_CLOSED"
	CodeNothingSubmitted           Code = "NOTHING_SUBMITTED"
	CodeScoreOutOfRange            Code = "SCORE_OUT_OF_RANGE"
	CodeClassificationNotSupported Code = "CLASSIFICATION_NOT_SUPPORTED"
	CodeUnknownSOP                 Code = "UNKNOWN_SOP"
	CodeUnknownGamebook            Code = "UNKNOWN_GAMEBOOK"
)

// Codes: hold reasons.
const (
	CodeAutoCloseOff        Code = "AUTO_CLOSE_OFF"
	CodeRunFlagged          Code = "RUN_FLAGGED"
	CodeEvidenceCoverageLow Code = "EVIDENCE_COVERAGE_LOW"
	CodeScoreMissing        Code = "SCORE_MISSING"
	CodeScoreContradicts    Code = "SCORE_CONTRADICTS"
	CodeDetectorContradicts Code = "DETECTOR_CONTRADICTS"
	CodeGamebookOpen        Code = "GAMEBOOK_OPEN"
	CodeHumanVerdictStands  Code = "HUMAN_VERDICT_STANDS"
	CodeFloorDisagrees      Code = "FLOOR_DISAGREES"
	CodeHistoryThin         Code = "HISTORY_THIN"
	CodeUncalibratedModel   Code = "UNCALIBRATED_MODEL"
	CodeModelFailed         Code = "MODEL_FAILED"
)

// Codes: built-in loop.
const (
	CodeBudgetExhausted    Code = "BUDGET_EXHAUSTED"
	CodeModelRefused       Code = "MODEL_REFUSED"
	CodeModelUnavailable   Code = "MODEL_UNAVAILABLE"
	CodeReplayMiss         Code = "REPLAY_MISS"
	CodeTranscriptTampered Code = "TRANSCRIPT_TAMPERED"
)

// Codes: writes, transport.
const (
	CodeRefused               Code = "REFUSED"
	CodeIdempotencyKeyReused  Code = "IDEMPOTENCY_KEY_REUSED"
	CodeIdempotencyInProgress Code = "IDEMPOTENCY_IN_PROGRESS"
	CodePreconditionFailed    Code = "PRECONDITION_FAILED"
	CodeLocked                Code = "LOCKED"
	CodeServiceUnavailable    Code = "SERVICE_UNAVAILABLE"
	CodeValidationError       Code = "VALIDATION_ERROR"
	CodeBadRequest            Code = "BAD_REQUEST"
	CodeUnauthorized          Code = "UNAUTHORIZED"
	CodeCredentialExpired     Code = "CREDENTIAL_EXPIRED"
	CodeNotFound              Code = "NOT_FOUND"
	CodePayloadTooLarge       Code = "PAYLOAD_TOO_LARGE"
	CodeUnsupportedMediaType  Code = "UNSUPPORTED_MEDIA_TYPE"
	CodeRateLimited           Code = "RATE_LIMITED"
	CodeMethodNotAllowed      Code = "METHOD_NOT_ALLOWED"
	CodeInternalError         Code = "INTERNAL_ERROR"
	CodeKQLError              Code = "KQL_ERROR"
)

// Codes: words of the case and triage families alone.
const (
	CodeMalformedBody    Code = "malformed_body"
	CodeInvalidCursor    Code = "invalid_cursor"
	CodePageTooDeep      Code = "page_too_deep"
	CodeInsufficientRole Code = "insufficient_role"
	CodeKeyExpired       Code = "key_expired"
	CodeUnavailable      Code = "unavailable"
	CodeIncidentResolved Code = "incident_resolved"
	CodeHeldForReview    Code = "held_for_review"
	CodeOpenActions      Code = "open_actions"
	CodePartOfGamebook   Code = "part_of_gamebook"
	CodeCaseFull         Code = "limit_reached"
)

// AllCodes lists every code once, in the order of the groups above.
var AllCodes = []Code{
	CodeIncidentMismatch,
	CodeUnknownPlaybook,
	CodePlaybookDisabled,
	CodeEntityIDMissing,
	CodeEntityNotInIncident,
	CodeEntityAgentAdded,
	CodeEntityNameMismatch,
	CodeEntityKindMismatch,
	CodeEntityPropertyMissing,
	CodeDuplicateStep,
	CodeUpstreamError,
	CodeKillSwitchEngaged,
	CodeIncidentClosed,
	CodeAgentDisabled,
	CodePolicyForbids,
	CodeCapabilityOff,
	CodeInvestigateOnly,
	CodeTriggerDowngraded,
	CodeTargetProvenance,
	CodeRunTainted,
	CodeIrreversible,
	CodeProtectedTarget,
	CodeLimitReached,
	CodePolicyRequiresApproval,
	CodeQueued,
	CodeQueuedForApproval,
	CodeDuplicateGamebook,
	CodeHumanSessionRequired,
	CodeRequesterCannotApprove,
	CodeInsufficientApprovalLevel,
	CodeInsufficientScope,
	CodeInsufficientWorkspaceRole,
	CodeForbidden,
	CodeAgentSuspended,
	CodeRunScope,
	CodeOriginRejected,
	CodeDigestMismatch,
	CodeApprovalExpired,
	CodeInvalidState,
	CodeConflict,
	CodeExecutionWindowExpired,
	CodeWorldChanged,
	CodeTargetLocked,
	CodeOutcomeUnknown,
	CodeVerifyFailed,
	CodeHalted,
	CodeRollbackNotSupported,
	CodeRecorded,
	CodeHeld,
	CodeAlreadyClosed,
	CodeNothingSubmitted,
	CodeScoreOutOfRange,
	CodeClassificationNotSupported,
	CodeUnknownSOP,
	CodeUnknownGamebook,
	CodeAutoCloseOff,
	CodeRunFlagged,
	CodeEvidenceCoverageLow,
	CodeScoreMissing,
	CodeScoreContradicts,
	CodeDetectorContradicts,
	CodeGamebookOpen,
	CodeHumanVerdictStands,
	CodeFloorDisagrees,
	CodeHistoryThin,
	CodeUncalibratedModel,
	CodeModelFailed,
	CodeBudgetExhausted,
	CodeModelRefused,
	CodeModelUnavailable,
	CodeReplayMiss,
	CodeTranscriptTampered,
	CodeRefused,
	CodeIdempotencyKeyReused,
	CodeIdempotencyInProgress,
	CodePreconditionFailed,
	CodeLocked,
	CodeServiceUnavailable,
	CodeValidationError,
	CodeBadRequest,
	CodeUnauthorized,
	CodeCredentialExpired,
	CodeNotFound,
	CodePayloadTooLarge,
	CodeUnsupportedMediaType,
	CodeRateLimited,
	CodeMethodNotAllowed,
	CodeInternalError,
	CodeKQLError,
	CodeMalformedBody,
	CodeInvalidCursor,
	CodePageTooDeep,
	CodeInsufficientRole,
	CodeKeyExpired,
	CodeUnavailable,
	CodeIncidentResolved,
	CodeHeldForReview,
	CodeOpenActions,
	CodePartOfGamebook,
	CodeCaseFull,
}
