package wizard

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/probe"
)

// selfCallLife is how long a question to ourselves may be answered.
const selfCallLife = 30 * time.Second

// selfCalls remembers which questions were answered, so that each is answered
// once.
type selfCalls struct {
	mu   sync.Mutex
	used map[string]time.Time
}

func (w *Wizard) sign(purpose, text string) string {
	mac := hmac.New(sha256.New, []byte(w.Key.Reveal()))
	mac.Write([]byte(purpose + "\x00" + text))
	return hex.EncodeToString(mac.Sum(nil))
}

// selfCall asks our callback a question through the external URL. Only an
// instance with our key can answer it: what answers is us, whatever the way.
func (w *Wizard) selfCall(ctx context.Context) error {
	code, err := w.newCode()
	if err != nil {
		return err
	}
	text := strconv.FormatInt(w.Now().Unix(), 10) + "." + code
	nonce := text + "." + w.sign("self-call question", text)[:32]
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.CallbackURL()+"?probe="+url.QueryEscape(nonce), nil)
	if err != nil {
		return fmt.Errorf("wizard: self-call: %w", err)
	}
	prober := &probe.Prober{RootCAs: w.Roots, Now: w.Now}
	prober.Allow.Hosts = w.lines[w.Options.Providers[0].ID].probe.Allow.Hosts
	answer, err := prober.HTTPS(ctx, request.URL.String())
	if err != nil {
		return err
	}
	if got := strings.TrimSpace(string(answer.Body)); !hmac.Equal([]byte(got), []byte(w.sign("self-call answer", nonce))) {
		return fmt.Errorf("%w: HTTP %d", check.ErrOtherAnswer, answer.Status)
	}
	return nil
}

// AnswerSelfCall answers a question of selfCall, once and within its life.
func (w *Wizard) AnswerSelfCall(nonce string) (string, bool) {
	text, mac, ok := cutLast(nonce, ".")
	if !ok || !hmac.Equal([]byte(mac), []byte(w.sign("self-call question", text)[:32])) {
		return "", false
	}
	seconds, err := strconv.ParseInt(text[:max(strings.IndexByte(text, '.'), 0)], 10, 64)
	asked := time.Unix(seconds, 0)
	now := w.Now()
	if err != nil || now.Sub(asked) > selfCallLife || asked.Sub(now) > selfCallLife {
		return "", false
	}
	w.calls.mu.Lock()
	defer w.calls.mu.Unlock()
	if w.calls.used == nil {
		w.calls.used = map[string]time.Time{}
	}
	for old, at := range w.calls.used {
		if now.Sub(at) > 2*selfCallLife {
			delete(w.calls.used, old)
		}
	}
	if _, twice := w.calls.used[nonce]; twice {
		return "", false
	}
	w.calls.used[nonce] = now
	return w.sign("self-call answer", nonce), true
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+len(sep):], true
}
