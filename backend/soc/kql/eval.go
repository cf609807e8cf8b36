package kql

import (
	"errors"
	"math"
	"strings"
	"unicode/utf8"
)

// ErrRange is arithmetic that leaves its type.
var ErrRange = errors.New("the arithmetic leaves the range of its type")

// Eval computes an expression over a row: it is what the statements made of a
// plan must agree with. Values are as in Expr; nil is null.
func (e *Expr) Eval(row []any) (any, error) {
	switch e.Op {
	case OpColumn:
		return row[e.Index], nil
	case OpConst:
		return e.Value, nil
	}
	args := make([]any, len(e.Args))
	for i, a := range e.Args {
		v, err := a.Eval(row)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	switch e.Op {
	case OpAnd, OpOr, OpNot:
		return logic(e.Op, args), nil
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe:
		return compareValues(e.Op, args[0], args[1], e.Fold), nil
	case OpIn:
		for _, item := range args[1:] {
			if compareValues(OpEq, args[0], item, e.Fold) == true {
				return true, nil
			}
		}
		return false, nil
	case OpIsNull:
		return args[0] == nil, nil
	case OpIff:
		if args[0] == true {
			return args[1], nil
		}
		return args[2], nil
	case OpToString:
		return Text(e.Args[0].Type, args[0]), nil
	case OpConcat:
		var b strings.Builder
		for _, a := range args {
			b.WriteString(a.(string))
		}
		return b.String(), nil
	}
	for _, a := range args {
		if a == nil {
			return nil, nil
		}
	}
	return e.compute(args)
}

// compute is the operations that give null for null.
func (e *Expr) compute(args []any) (any, error) {
	switch e.Op {
	case OpAdd, OpSub, OpMul, OpDiv, OpMod, OpBin:
		return Arithmetic(e.Op, args[0], args[1], e.Type)
	case OpContains, OpStarts, OpEnds, OpHas:
		a, b := args[0].(string), args[1].(string)
		if e.Fold {
			a, b = Lower(a), Lower(b)
		}
		switch e.Op {
		case OpContains:
			return strings.Contains(a, b), nil
		case OpStarts:
			return strings.HasPrefix(a, b), nil
		case OpEnds:
			return strings.HasSuffix(a, b), nil
		}
		return Has(a, b), nil
	case OpMatch:
		pattern, err := compilePattern(args[1].(string))
		return err == nil && pattern.MatchString(args[0].(string)), nil
	case OpToLong:
		return ToLong(args[0]), nil
	case OpToReal:
		return ToReal(args[0]), nil
	case OpToLower:
		return Lower(args[0].(string)), nil
	case OpToUpper:
		return Upper(args[0].(string)), nil
	case OpLength:
		return int64(utf8.RuneCountInString(args[0].(string))), nil
	case OpParseJSON:
		return orNull(ParseJSON(args[0].(string))), nil
	case OpMember:
		return orNull(Member(args[0].(string), e.Name)), nil
	case OpElement:
		return orNull(Element(args[0].(string), e.Index)), nil
	}
	return nil, errors.New("unknown operation " + string(e.Op))
}

func orNull(text string, ok bool) any {
	if !ok {
		return nil
	}
	return text
}

// logic is and, or and not with three values.
func logic(op Op, args []any) any {
	if op == OpNot {
		if args[0] == nil {
			return nil
		}
		return !args[0].(bool)
	}
	decides := op == OpOr
	switch {
	case args[0] == decides || args[1] == decides:
		return decides
	case args[0] == nil || args[1] == nil:
		return nil
	}
	return !decides
}

// compareValues follows Kusto's page "Null values".
func compareValues(op Op, a, b any, fold bool) any {
	if op == OpEq || op == OpNe {
		if a == nil && b == nil {
			return nil
		}
		if fold {
			a, b = Lower(a.(string)), Lower(b.(string))
		}
		return (a == b) == (op == OpEq)
	}
	if a == nil || b == nil {
		return nil
	}
	order := Compare(a, b)
	switch op {
	case OpLt:
		return order < 0
	case OpLe:
		return order <= 0
	case OpGt:
		return order > 0
	}
	return order >= 0
}

// Compare orders two values of one type that are not null: texts by their
// bytes, false before true.
func Compare(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case int64:
		return order(a, b.(int64))
	case float64:
		return order(a, b.(float64))
	case bool:
		if a == b.(bool) {
			return 0
		}
		if a {
			return 1
		}
	}
	return -1
}

func order[N int64 | float64](a, b N) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Arithmetic computes + - * / % and bin on two int64 or two float64. result
// says whether a bin is of times, whose steps count from year 1.
func Arithmetic(op Op, a, b any, result Type) (any, error) {
	if x, ok := a.(float64); ok {
		return realArithmetic(op, x, b.(float64))
	}
	x, y := a.(int64), b.(int64)
	switch op {
	case OpAdd:
		if sum := x + y; (sum > x) == (y > 0) {
			return sum, nil
		}
	case OpSub:
		if difference := x - y; (difference < x) == (y > 0) {
			return difference, nil
		}
	case OpMul:
		if x == 0 || y == 0 {
			return int64(0), nil
		}
		if product := x * y; product/y == x && !(x == -1 && y == math.MinInt64) && !(y == -1 && x == math.MinInt64) {
			return product, nil
		}
	case OpDiv:
		if y == 0 {
			return nil, nil
		}
		if !(x == math.MinInt64 && y == -1) {
			return x / y, nil
		}
	case OpMod:
		if y == 0 {
			return nil, nil
		}
		return modulo(x, y), nil
	case OpBin:
		from := x
		if result == Datetime {
			if from = x - BinOffset(y); from > x {
				return nil, ErrRange
			}
		}
		rest := modulo(from, y)
		if floor := x - rest; floor <= x {
			return floor, nil
		}
	}
	return nil, ErrRange
}

// yearOne is 0001-01-01, from which Kusto counts the steps of a bin.
const yearOne = -62_135_596_800_000_000

// BinOffset is where the first step of a bin of datetimes begins after 1970.
func BinOffset(step int64) int64 { return modulo(yearOne, step) }

// modulo is never negative, as Kusto has it.
func modulo(x, y int64) int64 {
	if y == -1 {
		return 0
	}
	rest := x % y
	if rest < 0 {
		if y < 0 {
			return rest - y
		}
		return rest + y
	}
	return rest
}

func realArithmetic(op Op, x, y float64) (any, error) {
	var v float64
	switch op {
	case OpAdd:
		v = x + y
	case OpSub:
		v = x - y
	case OpMul:
		v = x * y
	case OpDiv:
		if y == 0 {
			return nil, nil
		}
		v = x / y
	case OpBin:
		v = math.Floor(x/y) * y
	}
	if math.IsInf(v, 0) || math.IsNaN(v) || v == 0 && x != 0 && (op == OpMul && y != 0 || op == OpDiv) {
		return nil, ErrRange
	}
	return v + 0, nil
}
