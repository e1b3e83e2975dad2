"""The only user agents that cases may use, with what the contract's words say of each: (device, os, browser)."""

_KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KHTML}"

CHROME_WINDOWS = f"{_WINDOWS} Chrome/130.0.0.0 Safari/537.36"
EDGE_WINDOWS = f"{_WINDOWS} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
OPERA_WINDOWS = f"{_WINDOWS} Chrome/128.0.0.0 Safari/537.36 OPR/114.0.0.0"
CHROME_CHROMEOS = f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_KHTML} Chrome/130.0.0.0 Safari/537.36"
CHROME_ANDROID = f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {_KHTML} Chrome/130.0.0.0 Mobile Safari/537.36"
FIREFOX_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
SAFARI_MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/17.5 Safari/605.1.15"
SAFARI_IPHONE = (
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {_APPLE} Version/17.5 Mobile/15E148 Safari/604.1"
)
SAFARI_IPAD = f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {_APPLE} Version/16.6 Mobile/15E148 Safari/604.1"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

USER_AGENTS = {
    CHROME_WINDOWS: ("desktop", "Windows", "Chrome"),
    SAFARI_MAC: ("desktop", "macOS", "Safari"),
    SAFARI_IPHONE: ("mobile", "iOS", "Safari"),
    SAFARI_IPAD: ("tablet", "iOS", "Safari"),
    CHROME_ANDROID: ("mobile", "Android", "Chrome"),
    FIREFOX_LINUX: ("desktop", "Linux", "Firefox"),
    EDGE_WINDOWS: ("desktop", "Windows", "Edge"),
    OPERA_WINDOWS: ("desktop", "Windows", "Opera"),
    CHROME_CHROMEOS: ("desktop", "ChromeOS", "Chrome"),
    GOOGLEBOT: ("bot", "other", "other"),
}
