package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"vedette/backend/soc"
)

// ingestBatch is how many items go into one request, which is one transaction.
const ingestBatch = 50

type ingestCommand struct {
	Files     []string `arg:"" help:"Files of one format: an array, one object or lines of JSON; - is standard input."`
	Format    string   `required:"" enum:"sentinel,wazuh,suricata,generic" help:"sentinel, wazuh, suricata or generic." placeholder:"FORMAT"`
	Workspace string   `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
	Update    bool     `help:"Let a newer payload of a known alert replace the old one."`
}

// Run sends every item through the operation that the API uses. Sent again, or
// cut off and sent again, it ends with the same rows.
func (c *ingestCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "ingest")
	if err != nil {
		return err
	}
	defer l.close()
	w, err := l.workspaceOrOnly(ctx, c.Workspace)
	if err != nil {
		return err
	}
	l.host.Workspace, l.host.Organization = w.ID, w.Organization
	var total soc.IngestReceipt
	rejected := [][]string{}
	for _, name := range c.Files {
		body, err := readInput(e, name)
		if err != nil {
			return err
		}
		receipt, err := l.ingest(ctx, c.Format, body, c.Update, func(done, all int) {
			fmt.Fprintf(e.err, "%s: %d of %d\n", name, done, all)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		addReceipt(&total, receipt)
		for _, item := range receipt.Items {
			for path, texts := range item.Errors {
				rejected = append(rejected, []string{"rejected", name + "[" + strconv.Itoa(item.Index) + "]", path, fmt.Sprint(texts)})
			}
		}
	}
	value := map[string]any{
		"received": total.Received, "created": total.Created, "updated": total.Updated, "duplicate": total.Duplicate,
		"conflict": total.Conflict, "rejected": total.Rejected,
	}
	rows := [][]string{{"RECEIVED", "CREATED", "UPDATED", "DUPLICATE", "CONFLICT", "REJECTED"}, {
		strconv.Itoa(total.Received), strconv.Itoa(total.Created), strconv.Itoa(total.Updated), strconv.Itoa(total.Duplicate),
		strconv.Itoa(total.Conflict), strconv.Itoa(total.Rejected),
	}}
	if err := e.print(value, append(rows, rejected...)); err != nil {
		return err
	}
	if total.Rejected > 0 {
		return fmt.Errorf("%d items were rejected; the others are stored", total.Rejected)
	}
	return nil
}

func readInput(e *environment, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(e.in)
	}
	return os.ReadFile(name)
}

// ingest sends a body in batches, each one request and one transaction.
// progress is told after each.
func (l *local) ingest(ctx context.Context, format string, body []byte, update bool, progress func(done, all int)) (soc.IngestReceipt, error) {
	var total soc.IngestReceipt
	items, err := l.desk.SplitIngest(format, body)
	if err != nil {
		return total, err
	}
	for from := 0; from < len(items); from += ingestBatch {
		batch := items[from:min(len(items), from+ingestBatch)]
		receipt, err := l.desk.Ingest(ctx, l.host, soc.IngestRequest{Format: format, Items: batch, Update: update})
		if err != nil {
			return total, err
		}
		for i := range receipt.Items {
			receipt.Items[i].Index += from
		}
		addReceipt(&total, receipt)
		total.Items = append(total.Items, receipt.Items...)
		progress(min(len(items), from+len(batch)), len(items))
	}
	return total, nil
}

// addReceipt adds the counts.
func addReceipt(total *soc.IngestReceipt, r soc.IngestReceipt) {
	total.Received += r.Received
	total.Created += r.Created
	total.Updated += r.Updated
	total.Duplicate += r.Duplicate
	total.Conflict += r.Conflict
	total.Rejected += r.Rejected
}

// workspaceOrOnly finds a workspace; without a name it is the only one.
func (l *local) workspaceOrOnly(ctx context.Context, name string) (soc.Workspace, error) {
	if name != "" {
		return l.workspace(ctx, name)
	}
	all, err := l.desk.ListWorkspaces(ctx, l.host, "")
	if err != nil {
		return soc.Workspace{}, err
	}
	if len(all) != 1 {
		return soc.Workspace{}, soc.InvalidField("--workspace", "Must name one, since there is not exactly one.")
	}
	return all[0], nil
}
