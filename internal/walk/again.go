package walk

import (
	"errors"
	"strings"
	"time"
)

// logIn comes back to the product, whose own session has ended long ago.
func (p *person) logIn() error {
	if err := p.desk.open(p.setup); err != nil {
		return err
	}
	return p.desk.press("Sign in", entry{"Name", name}, entry{"Password", password})
}

// signInAgain waits until the overview says that the token is dead, and issues
// it again in place, in a private window that was never used before.
func (p *person) signInAgain() error {
	for {
		if err := p.desk.open(p.setup); err != nil {
			return err
		}
		if p.desk.page.state() == "Sign in again" {
			break
		}
		if err := wait(p.ctx, 200*time.Millisecond); err != nil {
			return errors.Join(err, p.desk.page.missing("state", "Sign in again"))
		}
	}
	if err := p.desk.open(p.setup + "/reissue"); err != nil {
		return err
	}
	if err := p.desk.press("Start the new sign-in"); err != nil {
		return err
	}
	var err error
	if p.private, err = newWindow(p.ctx); err != nil {
		return err
	}
	return p.inPrivate()
}

func (p *person) verificationAgain() error {
	if err := p.onward(); err != nil {
		return err
	}
	return p.settle()
}

// state is what the head of the overview says about the mailbox.
func (p *page) state() string {
	for d := range p.root.Descendants() {
		if hasClass(d, "tag") {
			return strings.TrimSpace(textContent(d))
		}
	}
	return ""
}
