package probe

import (
	"errors"
	"net"
	"sync"
)

var errBudget = errors.New("the server sent more than the conversation's budget")

// budgeted is the connection below everything else. It counts what the server
// sends, TLS included, because the mail library reads without limit, and it
// remembers the first fault, because the library's errors have lost it.
type budgeted struct {
	net.Conn

	mu    sync.Mutex
	left  int64
	fault error
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
	if c.fault == nil {
		c.fault = err
	}
}

// cause returns the first error, nil while all went well.
func (c *budgeted) cause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}
