package store

import (
	"strings"

	"vedette/backend/soc/kql"
)

// value makes a parameter of a constant, with its type where an engine would
// have to guess.
func (b *queryBuilder) value(e *kql.Expr) string {
	casts := map[kql.Type]string{kql.String: "text", kql.Dynamic: "text", kql.Real: "float8", kql.Bool: "boolean"}
	cast := casts[e.Type]
	if cast == "" {
		cast = "bigint"
	}
	if e.Value == nil {
		return b.either("NULL", "NULL::"+cast)
	}
	if !b.pg() {
		return b.arg(e.Value)
	}
	return b.arg(e.Value) + "::" + cast
}

func (b *queryBuilder) exprs(list []*kql.Expr) []string {
	out := make([]string, len(list))
	for n, e := range list {
		out[n] = b.expr(e)
	}
	return out
}

// lower folds ASCII letters, and no others: PostgreSQL does so for the
// collation C.
func (b *queryBuilder) lower(x string) string {
	return b.either("lower("+x+")", "lower("+x+` COLLATE "C")`)
}

// condition is a bool for which null and false are the same, so that plain
// comparisons will do.
func (b *queryBuilder) condition(e *kql.Expr) string {
	switch e.Op {
	case kql.OpAnd, kql.OpOr:
		word := map[kql.Op]string{kql.OpAnd: " AND ", kql.OpOr: " OR "}[e.Op]
		return guard("(" + b.condition(e.Args[0]) + word + b.condition(e.Args[1]) + ")")
	case kql.OpEq, kql.OpIn:
		if known(e.Args[1]) {
			return b.plain(e)
		}
	}
	return b.expr(e)
}

// known reports a value that is certainly not null.
func known(e *kql.Expr) bool {
	return e.Op == kql.OpConst && e.Value != nil || e.Type == kql.String || e.Op == kql.OpIsNull || e.Op == kql.OpIn
}

// plain is a comparison as SQL has it.
func (b *queryBuilder) plain(e *kql.Expr) string {
	args := b.exprs(e.Args)
	if e.Fold {
		for n := range args {
			args[n] = b.lower(args[n])
		}
	}
	switch e.Op {
	case kql.OpIn:
		return guard("(" + args[0] + " IN (" + strings.Join(args[1:], ", ") + "))")
	case kql.OpNe:
		return guard("(" + args[0] + " <> " + args[1] + ")")
	case kql.OpEq:
		return guard("(" + args[0] + " = " + args[1] + ")")
	}
	return guard("(" + args[0] + " " + string(e.Op) + " " + args[1] + ")")
}

// equality is == and != with Kusto's nulls: of two nulls nothing is known, one
// null differs from every value.
func (b *queryBuilder) equality(e *kql.Expr) string {
	x, y := e.Args[0], e.Args[1]
	otherwise := "FALSE"
	if e.Op == kql.OpNe {
		otherwise = "TRUE"
	}
	switch {
	case known(x) && known(y):
		return b.plain(e)
	case known(y) || known(x):
		return "COALESCE(" + b.plain(e) + ", " + otherwise + ")"
	}
	return guard("CASE WHEN " + b.expr(x) + " IS NULL AND " + b.expr(y) + " IS NULL THEN NULL ELSE COALESCE(" + b.plain(e) + ", " + otherwise + ") END")
}

func (b *queryBuilder) expr(e *kql.Expr) string {
	if b.depth++; b.depth > 1000 {
		panic(errTooComplex)
	}
	defer func() { b.depth-- }()
	return guard(b.made(e))
}

func (b *queryBuilder) made(e *kql.Expr) string {
	switch e.Op {
	case kql.OpColumn:
		return "t.c" + itoa(e.Index)
	case kql.OpConst:
		return b.value(e)
	case kql.OpEq, kql.OpNe:
		return b.equality(e)
	case kql.OpIn:
		if known(e.Args[0]) {
			return b.plain(e)
		}
		return "COALESCE(" + b.plain(e) + ", FALSE)"
	case kql.OpLt, kql.OpLe, kql.OpGt, kql.OpGe:
		return b.plain(e)
	case kql.OpContains, kql.OpStarts, kql.OpEnds, kql.OpHas, kql.OpMatch:
		return b.textual(e)
	}
	args := b.exprs(e.Args)
	switch e.Op {
	case kql.OpAnd:
		return "(" + args[0] + " AND " + args[1] + ")"
	case kql.OpOr:
		return "(" + args[0] + " OR " + args[1] + ")"
	case kql.OpNot:
		return "(NOT " + args[0] + ")"
	case kql.OpIsNull:
		return "(" + args[0] + " IS NULL)"
	case kql.OpIff:
		return "CASE WHEN " + args[0] + " THEN " + args[1] + " ELSE " + args[2] + " END"
	case kql.OpAdd, kql.OpSub, kql.OpMul, kql.OpDiv, kql.OpMod, kql.OpBin:
		return b.arithmetic(e, args)
	case kql.OpConcat:
		return "(" + strings.Join(args, " || ") + ")"
	}
	return b.converted(e, args[0])
}

// converted are the functions of one value.
func (b *queryBuilder) converted(e *kql.Expr, x string) string {
	from := e.Args[0].Type
	switch e.Op {
	case kql.OpToString:
		switch from {
		case kql.Long:
			x = "CAST(" + x + " AS TEXT)"
		case kql.Real:
			x = "kql_real_text(" + x + ")"
		case kql.Datetime:
			x = "kql_time_text(" + x + ")"
		case kql.Dynamic:
			x = "kql_unquote(" + x + ")"
		case kql.Bool:
			return "CASE " + x + " WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' ELSE '' END"
		}
		return "COALESCE(" + x + ", '')"
	case kql.OpToLong:
		switch from {
		case kql.Real:
			return "kql_cut(" + x + ")"
		case kql.Bool:
			return "CAST(CASE " + x + " WHEN TRUE THEN 1 WHEN FALSE THEN 0 END AS BIGINT)"
		}
		return "kql_long(" + x + ")"
	case kql.OpToReal:
		if from == kql.String {
			return "kql_real(" + x + ")"
		}
		return "CAST(" + x + " AS DOUBLE PRECISION)"
	case kql.OpToLower:
		return b.lower(x)
	case kql.OpToUpper:
		return b.either("upper("+x+")", "upper("+x+` COLLATE "C")`)
	case kql.OpLength:
		return "CAST(length(" + x + ") AS BIGINT)"
	case kql.OpParseJSON:
		return "kql_json(" + x + ")"
	case kql.OpMember:
		return "kql_member(" + x + ", " + b.arg(e.Name) + ")"
	case kql.OpElement:
		return "kql_element(" + x + ", " + b.arg(e.Index) + ")"
	}
	panic(errTooComplex)
}

// arithmetic is an error beyond the range of the type on both engines:
// PostgreSQL sees to that itself, SQLite in the functions.
func (b *queryBuilder) arithmetic(e *kql.Expr, args []string) string {
	if e.Op == kql.OpBin {
		begins := int64(0)
		if e.Type == kql.Datetime {
			begins = kql.BinOffset(e.Args[1].Value.(int64))
		}
		switch {
		case e.Type == kql.Real && b.pg():
			return "(floor(" + args[0] + " / " + args[1] + ") * " + args[1] + ")"
		case e.Type == kql.Datetime && !b.pg():
			begins = 1 // kql_bin knows where the steps of a time begin
		}
		return "kql_bin(" + args[0] + ", " + args[1] + ", " + b.arg(begins) + ")"
	}
	if !b.pg() {
		name := map[kql.Op]string{kql.OpAdd: "add", kql.OpSub: "sub", kql.OpMul: "mul", kql.OpDiv: "div", kql.OpMod: "mod"}[e.Op]
		return "kql_" + name + "(" + args[0] + ", " + args[1] + ")"
	}
	switch e.Op {
	case kql.OpMod:
		return "kql_mod(" + args[0] + ", " + args[1] + ")"
	case kql.OpDiv:
		return "(" + args[0] + " / NULLIF(" + args[1] + ", 0))"
	}
	return "(" + args[0] + " " + string(e.Op) + " " + args[1] + ")"
}

// textual are the operators on texts, which are never null.
func (b *queryBuilder) textual(e *kql.Expr) string {
	x := b.expr(e.Args[0])
	if e.Fold {
		x = b.lower(x)
	}
	if e.Op == kql.OpMatch || e.Op == kql.OpHas {
		return b.searched(e, x)
	}
	y := b.expr(e.Args[1])
	if e.Fold {
		y = b.lower(y)
	}
	switch e.Op {
	case kql.OpStarts:
		return b.either("(instr("+x+", "+y+") = 1)", "starts_with("+x+", "+y+")")
	case kql.OpEnds:
		return "kql_ends(" + x + ", " + y + ")"
	}
	return b.either("(instr("+x+", "+y+") > 0)", "(strpos("+x+", "+y+") > 0)")
}

// searched are has and matches regex, whose right sides are constants.
func (b *queryBuilder) searched(e *kql.Expr, x string) string {
	sought := e.Args[1].Value.(string)
	if e.Fold {
		sought = kql.Lower(sought)
	}
	switch {
	case !b.pg() && e.Op == kql.OpMatch:
		return "kql_match(" + x + ", " + b.arg(sought) + ")"
	case !b.pg():
		return "kql_has(" + x + ", " + b.arg(sought) + ")"
	case e.Op == kql.OpMatch:
		pattern, err := kql.PostgresPattern(sought)
		if err != nil {
			panic(errTooComplex) // checked before
		}
		return "(" + x + ` COLLATE "C" ~ ` + b.arg(pattern) + ")"
	}
	return "(" + x + ` COLLATE "C" ~ ` + b.arg(kql.PostgresHas(sought)) + ")"
}
