// This file holds playlists as packagers write them: rows of the parser, the round trip and the fuzz.
export type Vector = { readonly name: string; readonly text: string };

export const MEDIA: readonly Vector[] = [
  {
    name: 'ffmpeg-5 live TS',
    text: `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:1207
#EXT-X-DISCONTINUITY-SEQUENCE:2
#EXTINF:4.000000,
live1207.ts
#EXTINF:3.960000,
live1208.ts
#EXTINF:4.004000,
live1209.ts?token=a,b"c
`,
  },
  {
    name: 'shaka fMP4 with several DRM keys',
    text: `#EXTM3U
#EXT-X-VERSION:6
## Generated with https://github.com/google/shaka-packager
#EXT-X-TARGETDURATION:10
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="init.mp4",BYTERANGE="800@0"
#EXTINF:9.009,
clear.m4s
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="data:text/plain;base64,AAA=",KEYID=0x0123,KEYFORMATVERSIONS="1",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://fairplay",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"
#EXT-X-MAP:URI="crypt.mp4",BYTERANGE="812@800"
#EXTINF:9.009,
crypt1.m4s
#EXTINF:9.009,
crypt2.m4s
#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="data:text/plain;base64,BBB=",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
#EXTINF:9.009,
crypt3.m4s
#EXT-X-KEY:METHOD=NONE
#EXTINF:3.003,
clear2.m4s
#EXT-X-ENDLIST
`,
  },
  {
    name: 'AES-128: a clear init segment, then rotating keys',
    text: `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:88
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="clear-init.mp4"
#EXT-X-KEY:METHOD=AES-128,URI="key1.bin",IV=0x9C7DB8778570D05C3177C349FD9236AA
#EXTINF:6,
s88.m4s
#EXT-X-KEY:METHOD=AES-128,URI="key2.bin"
#EXTINF:6,
s89.m4s
#EXT-X-MAP:URI="crypt-init.mp4"
#EXT-X-KEY:METHOD=AES-128,URI="key3.bin",IV=0x1
#EXTINF:6,
s90.m4s
`,
  },
  {
    name: 'byte ranges of one file, offsets left out',
    text: `#EXTM3U
#EXT-X-VERSION:4
#EXT-X-TARGETDURATION:10
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:9.9766,
#EXT-X-BYTERANGE:326744@0
main.ts
#EXT-X-BYTERANGE:326368
#EXTINF:9.9767,
main.ts
#EXTINF:10,
#EXT-X-BYTERANGE:100@50
other.ts
#EXTINF:9.9767,
#EXT-X-BYTERANGE:327120
main.ts
#EXT-X-ENDLIST
`,
  },
  {
    name: 'I-frames only',
    text: `#EXTM3U
#EXT-X-VERSION:4
#EXT-X-TARGETDURATION:3
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="main.mp4",BYTERANGE="700@0"
#EXTINF:2.002,
#EXT-X-BYTERANGE:9400@376
main.ts
#EXTINF:2.002,
#EXT-X-BYTERANGE:7144@47000
main.ts
#EXT-X-ENDLIST
`,
  },
  {
    name: 'event with dates, SCTE-35, gaps, bit rates and a start',
    text: `#EXTM3U
#EXT-X-VERSION:8
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:9007199253740000
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-START:TIME-OFFSET=-18.5,PRECISE=YES
#EXT-X-PROGRAM-DATE-TIME:2026-03-01T10:00:00.250+0200
#EXT-X-BITRATE:2500
#EXTINF:6.006,News, "live"
e1.ts
#EXT-X-DATERANGE:ID="ad-1",CLASS="com.example.ad",START-DATE="2026-03-01T08:00:06.256Z",DURATION=30.0,SCTE35-OUT=0xFC002F,X-ASSET-URI="https://ads.example.com/1.m3u8",END-ON-NEXT=YES
#EXT-X-CUE-OUT:30
#EXT-X-DISCONTINUITY
#EXT-X-GAP
#EXTINF:6.006,
e2.ts
#EXT-X-CUE-IN
#EXT-X-DISCONTINUITY
#EXT-X-BITRATE:2700
#EXTINF:0.5,
e3.ts
#EXT-X-DATERANGE:ID="after-the-last",START-DATE="2026-03-01T09:00:00Z"
`,
  },
  {
    name: 'apple LL-HLS, whole segments wanted',
    text: `#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-VERSION:9
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0,CAN-SKIP-UNTIL=24.0
#EXT-X-PART-INF:PART-TARGET=0.33334
#EXT-X-MEDIA-SEQUENCE:266
#EXT-X-MAP:URI="init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2019-02-14T02:13:36.106Z
#EXTINF:4.00008,
fileSequence266.mp4
#EXT-X-PART:DURATION=0.33334,URI="filePart267.0.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.33334,URI="filePart267.1.mp4"
#EXTINF:4.00008,
fileSequence267.mp4
#EXT-X-PART:DURATION=0.33334,URI="filePart268.0.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="filePart268.1.mp4"
#EXT-X-RENDITION-REPORT:URI="../1M/waitForMSN.php",LAST-MSN=267,LAST-PART=1
`,
  },
  {
    name: 'just begun, nothing in it yet',
    text: '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n',
  },
];

export const MULTIVARIANT: readonly Vector[] = [
  {
    name: 'apple advanced stream: audio, subtitles, captions, I-frames',
    text: `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=25
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aud1",LANGUAGE="en",NAME="English",AUTOSELECT=YES,DEFAULT=YES,CHANNELS="2",URI="a1/prog_index.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aud1",LANGUAGE="fr",NAME="Français",AUTOSELECT=YES,DEFAULT=NO,CHANNELS="6",URI="a2/prog_index.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="sub1",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.easy-to-read",URI="s1/en/prog_index.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc1",LANGUAGE="en",NAME="English",DEFAULT=YES,AUTOSELECT=YES,INSTREAM-ID="CC1"
#EXT-X-SESSION-DATA:DATA-ID="com.example.title",LANGUAGE="en",VALUE="A title, with a comma"
#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://key",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"
#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=2168183,BANDWIDTH=2177116,CODECS="avc1.640020,mp4a.40.2",RESOLUTION=960x540,FRAME-RATE=60.000,CLOSED-CAPTIONS="cc1",AUDIO="aud1",SUBTITLES="sub1",SCORE=1.5,VIDEO-RANGE=SDR
v5/prog_index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080,FRAME-RATE=29.97,CLOSED-CAPTIONS=NONE,AUDIO="aud1",HDCP-LEVEL=TYPE-0,PROGRAM-ID=1
v8/prog_index.m3u8
#EXT-X-I-FRAME-STREAM-INF:AVERAGE-BANDWIDTH=183689,BANDWIDTH=187492,CODECS="avc1.64002a",RESOLUTION=1920x1080,URI="v7/iframe_index.m3u8"
`,
  },
  {
    name: 'variables by name, import and query',
    text: `#EXTM3U
#EXT-X-VERSION:11
#EXT-X-DEFINE:NAME="host",VALUE="https://cdn.example.com"
#EXT-X-DEFINE:QUERYPARAM="token"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="{$token}",URI="{$host}/a.m3u8?t={$token}"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"
{$host}/v.m3u8?t={$token}
`,
  },
  {
    name: 'nothing but an audio rendition and a required layout',
    text: `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="radio",URI="radio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2",AUDIO="a",REQ-VIDEO-LAYOUT="CH-STEREO"
radio.m3u8
`,
  },
];

/** What the vectors need to be parsed. */
export const OPTIONS = { uri: 'https://example.com/m.m3u8?token=se%2Bcret&x=1' };
