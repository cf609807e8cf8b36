package web

import (
	"container/list"
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"vedette/backend/soc"
)

// maxBuckets bounds the memory of buckets and of address gates. The least
// recently used go first; a caller that has been away that long has a full
// bucket anyway, unless ten thousand others came within its minute.
const maxBuckets = 10_000

// window is the time in which a full bucket refills.
const window = time.Minute

// buckets are token buckets by key, refilled continuously.
type buckets struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *bucket, most recently used first
	limit int
}

type bucket struct {
	key     string
	limiter *rate.Limiter
}

func newBuckets(limit int) *buckets {
	return &buckets{byKey: map[string]*list.Element{}, order: list.New(), limit: limit}
}

func (b *buckets) get(key string, perMinute int) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if element, ok := b.byKey[key]; ok {
		b.order.MoveToFront(element)
		return element.Value.(*bucket).limiter
	}
	if b.order.Len() >= b.limit {
		oldest := b.order.Remove(b.order.Back()).(*bucket)
		delete(b.byKey, oldest.key)
	}
	limiter := rate.NewLimiter(rate.Limit(float64(perMinute)/window.Seconds()), perMinute)
	b.byKey[key] = b.order.PushFront(&bucket{key, limiter})
	return limiter
}

// standing is what the rate headers of an answer say.
type standing struct {
	class     string
	quota     int
	remaining int
	full      int // seconds until the bucket is full
	retry     int // seconds until one more request passes
}

func standingOf(class string, quota int, limiter *rate.Limiter, now time.Time) standing {
	tokens := limiter.TokensAt(now)
	perSecond := float64(limiter.Limit())
	return standing{
		class: class, quota: quota, remaining: int(math.Max(0, math.Floor(tokens))),
		full:  int(math.Ceil(math.Max(0, float64(quota)-tokens) / perSecond)),
		retry: max(1, int(math.Ceil((1-tokens)/perSecond))),
	}
}

func (s standing) write(header http.Header, now time.Time, legacy bool) {
	if s.class == "" {
		return
	}
	header.Set("RateLimit-Policy", `"`+s.class+`";q=`+strconv.Itoa(s.quota)+";w="+strconv.Itoa(int(window.Seconds())))
	header.Set("RateLimit", `"`+s.class+`";r=`+strconv.Itoa(s.remaining)+";t="+strconv.Itoa(s.full))
	if legacy {
		header.Set("X-RateLimit-Limit", strconv.Itoa(s.quota))
		header.Set("X-RateLimit-Remaining", strconv.Itoa(s.remaining))
		header.Set("X-RateLimit-Reset", strconv.FormatInt(now.Unix()+int64(s.full), 10))
	}
}

func limited(s standing) error {
	e := soc.Errorf(soc.Limited, soc.CodeRateLimited, "Too many requests of class %s: %d a minute are allowed.", s.class, s.quota).
		WithFix("Wait %d s, then go on more slowly.", s.retry)
	e.Target, e.RetryAfter = s.class, s.retry
	return e
}

// takeRate is step 3: one token of the credential's bucket of this class.
func (x *exchange) takeRate(context.Context) error {
	if x.route.Who == Anyone {
		return nil // paid by the address
	}
	payer := x.payer()
	quota := x.route.family.Rates[x.route.Rate]
	limiter := x.registry.buckets.get(x.route.family.Name+" "+x.route.Rate+" "+payer, quota)
	now := x.registry.now()
	passed := limiter.AllowN(now, 1)
	x.standing = standingOf(x.route.Rate, quota, limiter, now)
	if !passed {
		return limited(x.standing)
	}
	if !x.registry.perCredential.enter(payer) {
		e := soc.Errorf(soc.Limited, soc.CodeRateLimited, "Too many requests of this credential at once.").
			WithFix("Wait for answers before sending more.")
		e.Target, e.RetryAfter = "in-flight", 1
		return e
	}
	x.leave = func() { x.registry.perCredential.exit(payer) }
	return nil
}

func (x *exchange) payer() string {
	if x.by.Credential != "" {
		return x.by.Credential
	}
	return string(x.by.Kind) + ":" + x.by.ID
}

func (x *exchange) loginBucket() (*rate.Limiter, int) {
	quota := x.route.family.Rates[LoginClass]
	return x.registry.buckets.get(LoginClass+" "+x.frame.Address.String(), quota), quota
}

// takeLogin refuses an address with too many failed logins before its secret
// is looked at; successes cost nothing.
func (x *exchange) takeLogin() error {
	limiter, quota := x.loginBucket()
	x.standing = standingOf(LoginClass, quota, limiter, x.registry.now())
	if x.standing.remaining < 1 {
		return limited(x.standing)
	}
	return nil
}

func (x *exchange) countLoginFailure() {
	limiter, quota := x.loginBucket()
	now := x.registry.now()
	limiter.AllowN(now, 1)
	x.standing = standingOf(LoginClass, quota, limiter, now)
}

// gates count requests in flight by key; only keys in flight take memory.
type gates struct {
	mu    sync.Mutex
	count map[string]int
	limit int
}

func newGates(limit int) *gates { return &gates{count: map[string]int{}, limit: limit} }

func (g *gates) enter(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count[key] >= g.limit {
		return false
	}
	g.count[key]++
	return true
}

func (g *gates) exit(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count[key]--; g.count[key] <= 0 {
		delete(g.count, key)
	}
}
