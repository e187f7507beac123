package probe

import (
	"net"
	"sync"
)

var errBudget = &kindError{Limit, "the server sent more than the conversation's budget"}

// budgeted is the connection below everything else. It counts what the server
// sends, TLS included, because the mail library reads without limit, and it
// remembers the first fault, because the library's errors have lost it.
type budgeted struct {
	net.Conn

	mu    sync.Mutex
	left  int64
	fault error
	ended bool // by ourselves: what follows is no fault
}

// Read implements net.Conn. One reader at a time.
func (c *budgeted) Read(b []byte) (int, error) {
	c.mu.Lock()
	left := c.left
	c.mu.Unlock()
	if left <= 0 {
		c.blame(errBudget)
		_ = c.Conn.Close() // the error of the conversation is the budget
		return 0, errBudget
	}
	n, err := c.Conn.Read(b[:min(int64(len(b)), left)])
	c.mu.Lock()
	c.left -= int64(n)
	c.mu.Unlock()
	c.blame(err)
	return n, err
}

// Write implements net.Conn.
func (c *budgeted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.blame(err)
	return n, err
}

func (c *budgeted) blame(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault == nil && !c.ended {
		c.fault = err
	}
}

// Close implements net.Conn.
func (c *budgeted) Close() error {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	return c.Conn.Close()
}

// cause returns the first error, nil while all went well.
func (c *budgeted) cause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}
