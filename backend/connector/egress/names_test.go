package egress

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
)

// names is a resolver whose answers are given by name, one per look-up; the last
// one is repeated. It speaks DNS over in-memory connections.
func names(answers map[string][]string) *net.Resolver {
	asked := map[string]int{}
	lock := make(chan struct{}, 1)
	pick := func(name string) string {
		lock <- struct{}{}
		defer func() { <-lock }()
		list := answers[name]
		if len(list) == 0 {
			return ""
		}
		answer := list[min(asked[name], len(list)-1)]
		asked[name]++
		return answer
	}
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go serveName(server, pick)
		return client, nil
	}}
}

// serveName answers one DNS question (RFC 1035, TCP framing) and hangs up.
func serveName(c net.Conn, pick func(string) string) {
	defer c.Close()
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return
	}
	question := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, question); err != nil {
		return
	}
	var labels []string
	at := 12
	for question[at] != 0 {
		n := int(question[at])
		labels = append(labels, string(question[at+1:at+1+n]))
		at += n + 1
	}
	kind := binary.BigEndian.Uint16(question[at+1:])
	answer := append([]byte{}, question[:at+5]...)
	binary.BigEndian.PutUint16(answer[2:], 0x8180)    // an answer, recursion available
	binary.BigEndian.PutUint16(answer[6:], 0)         // no answer records yet
	binary.BigEndian.PutUint16(answer[8:], 0)         //
	binary.BigEndian.PutUint16(answer[10:], 0)        //
	wants := map[uint16]bool{1: true, 28: true}[kind] // A, AAAA
	if addr, err := netip.ParseAddr(pickFor(kind, labels, pick)); wants && err == nil {
		record := append([]byte{0xc0, 12}, question[at+1:at+5]...)
		record = append(record, 0, 0, 0, 0, 0, byte(len(addr.AsSlice())))
		answer = append(answer, append(record, addr.AsSlice()...)...)
		binary.BigEndian.PutUint16(answer[6:], 1)
	}
	out := binary.BigEndian.AppendUint16(nil, uint16(len(answer)))
	c.Write(append(out, answer...))
}

// pickFor consumes an answer only for the record type that can carry it.
func pickFor(kind uint16, labels []string, pick func(string) string) string {
	name := strings.ToLower(strings.Join(labels, "."))
	if strings.HasPrefix(name, "six") != (kind == 28) {
		return ""
	}
	return pick(name)
}
