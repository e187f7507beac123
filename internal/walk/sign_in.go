package walk

import (
	"strings"
	"time"
)

// signIn passes the one-time link to the private window, signs in there, and
// comes back to the first window, which has been waiting.
func (p *person) signIn() error {
	if err := p.onward(); err != nil {
		return err
	}
	if err := p.desk.press("Make the link"); err != nil {
		return err
	}
	return p.inPrivate()
}

// inPrivate takes the link of the page to the private window, and comes back.
func (p *person) inPrivate() error {
	link := p.desk.page.textByID("private-link")
	if err := p.private.open(link); err != nil {
		return err
	}
	if err := p.private.press("Continue"); err != nil {
		return err
	}
	if err := p.private.follow("Sign in at Microsoft (pretended)"); err != nil {
		return err
	}
	if err := p.atMicrosoft(); err != nil {
		return err
	}
	return p.comeBack()
}

// atMicrosoft does what a person does there: type, accept, or take the only
// link there is.
func (p *person) atMicrosoft() error {
	user, _ := p.account()
	for range 6 {
		w := p.private
		switch {
		case strings.HasPrefix(w.page.url.String(), p.url):
			return nil
		case w.page.button("Accept") != nil:
			if err := w.press("Accept"); err != nil {
				return err
			}
		case w.page.button("Sign in") != nil:
			if err := w.press("Sign in", entry{"Email", user}, entry{"Password", p.password(user)}); err != nil {
				return err
			}
		case strings.Contains(w.page.text(), "Return to the application without granting consent"):
			if err := w.follow("Return to the application without granting consent"); err != nil {
				return err
			}
		default:
			// Microsoft shows an error and sends nobody back.
			return p.tellWhatMicrosoftShows()
		}
	}
	return p.private.page.missing("way back from", "Microsoft")
}

func (p *person) tellWhatMicrosoftShows() error {
	shown := p.private.page.text()
	if err := p.desk.open(p.setup + "/sign-in"); err != nil {
		return err
	}
	return p.desk.press("Explain it", entry{"What Microsoft shows", shown})
}

// comeBack looks at the first window until it has something to say: an account
// to accept, a problem, or the way on.
func (p *person) comeBack() error {
	user, _ := p.account()
	for {
		if err := p.desk.open(p.setup + "/sign-in"); err != nil {
			return err
		}
		page := p.desk.page
		switch {
		case page.button("Accept") != nil:
			if !strings.Contains(page.text(), "Signed in "+user) {
				return errStopped // not the account that was meant
			}
			if err := p.desk.press("Accept"); err != nil {
				return err
			}
		case page.problem():
			return errStopped
		case page.leadsOn():
			return nil
		}
		if err := wait(p.ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}
