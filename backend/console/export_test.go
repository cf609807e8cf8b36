package console

import "time"

// Quicken lets streams ask soon whether their session still stands.
func (c *Console) Quicken() { c.beat = 50 * time.Millisecond }
