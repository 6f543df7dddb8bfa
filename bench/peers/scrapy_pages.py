"""Peer of bench/crawl.ts: Scrapy with JOBDIR, one item per picture with a text as a line of JSON.

    python bench/peers/scrapy_pages.py SEEDS(JSON) OUT JOBDIR CONCURRENCY

Needs scrapy.
"""

import json
import sys
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor

SEEDS = json.loads(sys.argv[1])
HOSTS = {urlsplit(seed).netloc for seed in SEEDS}
LINKS = LinkExtractor()


class Pages(scrapy.Spider):
    name = "pages"
    start_urls = SEEDS

    def parse(self, response):
        if not isinstance(response, scrapy.http.HtmlResponse):
            return
        for image in response.css("img"):
            text = image.attrib.get("alt") or image.attrib.get("title")
            if text and image.attrib.get("src"):
                yield {"page": response.url, "image": response.urljoin(image.attrib["src"]), "text": text}
        here = urlsplit(response.url).netloc
        for link in LINKS.extract_links(response):
            if urlsplit(link.url).netloc == here:
                yield scrapy.Request(link.url)


process = CrawlerProcess(
    {
        "LOG_LEVEL": "ERROR",
        "JOBDIR": sys.argv[3],
        "FEEDS": {sys.argv[2]: {"format": "jsonlines"}},
        "CONCURRENT_REQUESTS": int(sys.argv[4]),
        "CONCURRENT_REQUESTS_PER_DOMAIN": int(sys.argv[4]),
        "ROBOTSTXT_OBEY": True,
        "COOKIES_ENABLED": False,
        "RETRY_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "DOWNLOAD_DELAY": 0,
    }
)
process.crawl(Pages)
process.start()
