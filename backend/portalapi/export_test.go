package portalapi

// HistoryInputs are the inputs with a filter by gamebook status.
var HistoryInputs = []any{historyInput{}, historyAcrossInput{}}
