package worker

import (
	"context"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// observing lets whoever watches see every job, in one place for all kinds.
func observing(observe func(context.Context, string) (context.Context, func(error))) []rivertype.Middleware {
	if observe == nil {
		return nil
	}
	return []rivertype.Middleware{&observer{observe: observe}}
}

type observer struct {
	river.MiddlewareDefaults
	observe func(context.Context, string) (context.Context, func(error))
}

// Work implements rivertype.WorkerMiddleware.
func (o *observer) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) (err error) {
	ctx, ended := o.observe(ctx, job.Kind)
	defer func() { ended(err) }()
	return work(ctx)
}
