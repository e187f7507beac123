package admin

import (
	"crypto/sha256"
	"net/netip"
	"time"
)

// Guessing is slowed down per account and per client address, and nobody is
// locked out: a delay has a ceiling, and a client that has logged in to the
// account before does not wait for what strangers do to it.
const (
	freeAccount = 5                // wrong passwords before the account waits
	freeClient  = 10               // an address may stand for an office
	maxDelay    = 30 * time.Second // 2880 guesses a day at most
	forgetAfter = time.Hour        // without any try
	knownFor    = 30 * 24 * time.Hour
)

// delay is 1 s after the first failure beyond free, and doubles with each.
func delay(failures, free int) time.Duration {
	switch over := failures - free; {
	case over < 0:
		return 0
	case over > 5:
		return maxDelay
	default:
		return min(time.Second<<over, maxDelay)
	}
}

// counters are the keys of one login. They are hashes because people type
// passwords into the field for names.
type counters struct{ account, client, known Hash }

func countersOf(nameKey, ip string) counters {
	group := addressGroup(ip)
	key := func(kind string) Hash { return sha256.Sum256([]byte(kind)) }
	return counters{
		account: key("account\x00" + nameKey),
		client:  key("client\x00" + group),
		known:   key("known\x00" + nameKey + "\x00" + group),
	}
}

// addressGroup is what counts as one client: an IPv4 address, or the 64-bit
// network of an IPv6 one, in which every host has 2^64 addresses to choose.
func addressGroup(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}

// reserve counts a try before the password is looked at; a hundred parallel
// guesses would otherwise all pass before the first has failed. A refused try
// is not counted.
func (c counters) reserve(tx Tx, now time.Time) error {
	known, err := tx.Failures(c.known)
	if err != nil {
		return err
	}
	isKnown := !known.Last.IsZero() && now.Sub(known.Last) < knownFor
	account, err := recent(tx, c.account, now)
	if err != nil {
		return err
	}
	client, err := recent(tx, c.client, now)
	if err != nil {
		return err
	}
	retry := client.Last.Add(delay(client.Count, freeClient))
	if own := account.Last.Add(delay(account.Count, freeAccount)); !isKnown && own.After(retry) {
		retry = own
	}
	if retry.After(now) {
		return &TooManyTriesError{RetryAt: retry}
	}
	if err := tx.PutFailures(c.account, Failures{account.Count + 1, now}); err != nil {
		return err
	}
	return tx.PutFailures(c.client, Failures{client.Count + 1, now})
}

// forgive ends the account's count after a good login. The client only gets
// its own try back: whoever owns one account must not be able to reset the
// count of guesses at another.
func (c counters) forgive(tx Tx, now time.Time) error {
	client, err := tx.Failures(c.client)
	if err != nil {
		return err
	}
	if client.Count--; client.Count <= 0 {
		client = Failures{}
	}
	if err := tx.PutFailures(c.client, client); err != nil {
		return err
	}
	if err := tx.PutFailures(c.account, Failures{}); err != nil {
		return err
	}
	if err := tx.PutFailures(c.known, Failures{0, now}); err != nil {
		return err
	}
	return tx.PruneFailures(now.Add(-forgetAfter), now.Add(-knownFor))
}

// recent is a counter, or zero when its last failure is long ago. A last
// failure in the future is a clock that was set back: it counts as just now.
func recent(tx Tx, key Hash, now time.Time) (Failures, error) {
	f, err := tx.Failures(key)
	switch {
	case err != nil:
		return f, err
	case now.Sub(f.Last) >= forgetAfter:
		return Failures{}, nil
	case f.Last.After(now):
		f.Last = now
	}
	return f, nil
}
